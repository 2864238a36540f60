#!/bin/sh
# Makes the fixtures again: `sh generate.sh FOLDER [LANGUAGE…]`. It installs the libraries below FOLDER, in the versions
# that are pinned here, and runs each generator. All languages without LANGUAGE; README.md says what each one needs.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$1
shift
languages=${*:-python js go ruby rust java php}
firebase=v7.0.5
lcobucci=5.4.0

# Nothing here is a secret: the key is published on purpose, and the clock stands still.
export JWT_KID=018f0000-0000-7000-8000-00000000abcd
export JWT_SECRET_KEY=not-a-secret-but-the-key-of-the-test-corpus-which-has-64-letters
export JWT_NOW=1700000000

python() {
	python3 -m venv "$work/python"
	"$work/python/bin/pip" install -q -r "$here/python/requirements.txt"
	for library in pyjwt jose authlib joserfc; do
		PYTHONDONTWRITEBYTECODE=1 "$work/python/bin/python" -W ignore "$here/python/make_$library.py" \
			>"$here/fixtures/python-$library.json"
	done
}

js() {
	mkdir -p "$work/js"
	cp "$here"/js/* "$work/js"
	cd "$work/js"
	npm install --silent --no-audit --no-fund
	for library in jose jsonwebtoken fast-jwt; do
		node "make-$library.js" >"$here/fixtures/js-$library.json"
	done
}

go_() {
	cd "$here/go"
	for library in golang-jwt-v4 golang-jwt-v5 go-jose jwx; do
		go run "./$library" >"$here/fixtures/go-$library.json"
	done
}

ruby_() {
	ruby "$here/ruby/make-ruby-jwt.rb" >"$here/fixtures/ruby-jwt.json"
}

rust() {
	cd "$here/rust"
	for library in jsonwebtoken jwt-simple; do
		CARGO_TARGET_DIR="$work/rust-target" cargo run -q --locked --bin "$library" >"$here/fixtures/rust-$library.json"
	done
}

java_() {
	rm -rf "$work/java"
	cp -r "$here/java" "$work/java"
	cd "$work/java"
	mvn -q -B compile dependency:build-classpath -Dmdep.outputFile=classpath
	for library in Jjwt Nimbus Auth0; do
		java -cp "target/classes:$(cat classpath)" "corpus.$library" \
			>"$here/fixtures/java-$(echo "$library" | tr '[:upper:]' '[:lower:]').json"
	done
}

php_() {
	checkout https://github.com/firebase/php-jwt "$firebase" "$work/php/firebase"
	checkout https://github.com/lcobucci/jwt "$lcobucci" "$work/php/lcobucci"
	php "$here/php/make-firebase.php" "$work/php/firebase" "$firebase" >"$here/fixtures/php-firebase.json"
	php "$here/php/make-lcobucci.php" "$work/php/lcobucci" "$lcobucci" >"$here/fixtures/php-lcobucci.json"
}

checkout() {
	[ -d "$3" ] || git clone -q --depth 1 --branch "$2" "$1" "$3"
}

mkdir -p "$work"
for language in $languages; do
	case $language in
	go | ruby | java | php) "${language}_" ;;
	python | js | rust) "$language" ;;
	*)
		echo "unknown language: $language" >&2
		exit 2
		;;
	esac
done
