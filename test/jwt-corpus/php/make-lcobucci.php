<?php
// JWTs as lcobucci/jwt makes them. The first argument is the folder of its checkout.

require __DIR__ . '/out.php';
spl_autoload_register(function (string $class) use ($argv) {
    $prefix = 'Lcobucci\\JWT\\';
    if (str_starts_with($class, $prefix)) {
        require "$argv[1]/src/" . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
    }
});

use Lcobucci\JWT\Builder;
use Lcobucci\JWT\Encoding\ChainedFormatter;
use Lcobucci\JWT\Encoding\JoseEncoder;
use Lcobucci\JWT\Encoding\UnifyAudience;
use Lcobucci\JWT\Encoding\UnixTimestampDates;
use Lcobucci\JWT\Signer;
use Lcobucci\JWT\Signer\Hmac;
use Lcobucci\JWT\Signer\Key\InMemory;
use Lcobucci\JWT\Token;

$at = fn (float $seconds) => DateTimeImmutable::createFromFormat('U.u', sprintf('%.6F', $seconds));
$make = function (
    callable $change,
    ?ChainedFormatter $formatter = null,
    ?Signer $signer = null,
    bool $kid = true,
): string {
    $builder = new Token\Builder(new JoseEncoder(), $formatter ?? ChainedFormatter::default());
    if ($kid) {
        $builder = $builder->withHeader('kid', KID);
    }
    return $change($builder)->getToken($signer ?? new Hmac\Sha256(), InMemory::plainText(KEY))->toString();
};
$exp = fn (Builder $builder) => $builder->expiresAt($at(EXP));
$claim = fn (string $name, mixed $value) =>
    fn () => $make(fn (Builder $builder) => $exp($builder)->withClaim($name, $value));
$all = fn (Builder $builder) => $builder
    ->issuedBy('shop')->relatedTo('ada')->permittedFor('orders')->identifiedBy('j-1')
    ->issuedAt($at(NOW + 0.125))->canOnlyBeUsedAfter($at(NOW + 0.5))->expiresAt($at(EXP + 0.25));

write('lcobucci/jwt', $argv[2], [
    'default' => fn () => $make($exp),
    'all registered claims, times with microseconds' => fn () => $make($all),
    'withUnixTimestampDates' => fn () => $make($all, ChainedFormatter::withUnixTimestampDates()),
    'dates only' => fn () => $make($all, new ChainedFormatter(new UnixTimestampDates())),
    'audience unified only' => fn () => $make(
        fn ($builder) => $builder->permittedFor('orders')->expiresAt($at(EXP)),
        new ChainedFormatter(new UnifyAudience(), new UnixTimestampDates()),
    ),
    'several audiences' => fn () => $make(fn ($builder) => $exp($builder)->permittedFor('orders', 'mail')),
    'scope is text' => $claim('scope', 'orders:read mail'),
    'scope is a list' => $claim('scope', ['orders:read', 'mail']),
    'a claim is null' => $claim('scope', null),
    'nested claims' => $claim('user', ['id' => 7, 'roles' => ['a/b']]),
    'text beyond ASCII' => $claim('name', 'Zoë 😀'),
    'an integer beyond 2^53' => $claim('id', PHP_INT_MAX),
    'exp in the year 9999' => fn () => $make(
        fn ($builder) => $builder->expiresAt(new DateTimeImmutable('9999-12-31T23:59:59Z')),
    ),
    'no exp' => fn () => $make(fn ($builder) => $builder->relatedTo('ada')),
    'expired' => fn () => $make(fn ($builder) => $builder->expiresAt($at(NOW - 1))),
    'typ at+jwt' => fn () => $make(fn ($builder) => $exp($builder)->withHeader('typ', 'at+jwt')),
    'HS384' => fn () => $make($exp, null, new Hmac\Sha384()),
    'HS512' => fn () => $make($exp, null, new Hmac\Sha512()),
    'no kid' => fn () => $make($exp, null, null, false),
]);
