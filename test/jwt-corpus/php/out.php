<?php
// What the generators of PHP share: the claims, and the form of their output.

define('KID', getenv('JWT_KID'));
define('KEY', getenv('JWT_SECRET_KEY'));
define('NOW', (int) getenv('JWT_NOW'));
define('EXP', NOW + 3600);

/** Prints the fixture. `$jwts` maps names to functions; what the library refuses is noted. */
function write(string $library, string $version, array $jwts): void
{
    $made = [];
    $notMade = [];
    foreach ($jwts as $name => $make) {
        try {
            $made[$name] = $make();
        } catch (Throwable $error) {
            $notMade[] = $name . ': ' . $error::class;
        }
    }
    $fixture = ['language' => 'PHP', 'library' => $library, 'version' => $version, 'jwts' => $made, 'notMade' => $notMade];
    echo json_encode($fixture, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES), "\n";
}
