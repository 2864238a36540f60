<?php
// JWTs as firebase/php-jwt makes them. The first argument is the folder of its checkout.

require __DIR__ . '/out.php';
foreach (['JWTExceptionWithPayloadInterface', 'Key', 'JWT'] as $name) {
    require "$argv[1]/src/$name.php";
}

use Firebase\JWT\JWT;

$sign = fn (array $claims, string $algorithm = 'HS256', string $kid = KID, ?array $header = null) =>
    JWT::encode($claims, KEY, $algorithm, $kid, $header);

write('firebase/php-jwt', $argv[2], [
    'default' => fn () => $sign(['exp' => EXP]),
    'all registered claims' => fn () => $sign([
        'iss' => 'shop', 'sub' => 'ada', 'aud' => 'orders', 'exp' => EXP, 'nbf' => NOW, 'iat' => NOW, 'jti' => 'j-1',
    ]),
    'times are microtime(true)' => fn () => $sign(['exp' => EXP + 0.25, 'nbf' => NOW + 0.5, 'iat' => NOW + 0.125]),
    'times are DateTime' => fn () => $sign(['exp' => new DateTimeImmutable('@' . EXP)]),
    'several audiences' => fn () => $sign(['exp' => EXP, 'aud' => ['orders', 'mail']]),
    'sub and jti are numbers' => fn () => $sign(['exp' => EXP, 'sub' => 42, 'jti' => 7]),
    'scope is text' => fn () => $sign(['exp' => EXP, 'scope' => 'orders:read mail']),
    'scope is a list' => fn () => $sign(['exp' => EXP, 'scope' => ['orders:read', 'mail']]),
    'scope is a list with gaps' => fn () => $sign(['exp' => EXP, 'scope' => [1 => 'orders:read']]),
    'claims are null' => fn () => $sign(['exp' => EXP, 'nbf' => null, 'sub' => null, 'scope' => null]),
    'nested claims' => fn () => $sign(['exp' => EXP, 'user' => ['id' => 7, 'roles' => ['a/b']]]),
    'text beyond ASCII' => fn () => $sign(['exp' => EXP, 'name' => 'Zoë 😀']),
    'exp is PHP_INT_MAX' => fn () => $sign(['exp' => PHP_INT_MAX]),
    'nbf a minute ahead' => fn () => $sign(['exp' => EXP, 'nbf' => NOW + 60]),
    'exp is text' => fn () => $sign(['exp' => (string) EXP]),
    'exp is null' => fn () => $sign(['exp' => null]),
    'aud is null' => fn () => $sign(['exp' => EXP, 'aud' => null]),
    'no exp' => fn () => $sign(['sub' => 'ada']),
    'no claims at all' => fn () => $sign([]),
    'expired' => fn () => $sign(['exp' => NOW - 1]),
    'kid in upper case' => fn () => $sign(['exp' => EXP], 'HS256', strtoupper(KID)),
    'typ at+jwt' => fn () => $sign(['exp' => EXP], 'HS256', KID, ['typ' => 'at+jwt']),
    'HS384' => fn () => $sign(['exp' => EXP], 'HS384'),
    'HS512' => fn () => $sign(['exp' => EXP], 'HS512'),
    'no kid' => fn () => JWT::encode(['exp' => EXP], KEY, 'HS256'),
]);
