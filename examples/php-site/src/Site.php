<?php

namespace Site;

use Greeting\Greeting;

/** Every address that is no file comes here. */
final class Site
{
    /** @return array{0: int, 1: string} status and body */
    public function answer(string $path): array
    {
        $release = getenv('HEROKU_RELEASE_VERSION') ?: 'v0';
        return match ($path) {
            '/' => [200, (new Greeting('PHP'))->text() . ", release {$release}\n"],
            '/loud' => [200, (new Greeting('PHP'))->text(loud: true) . "\n"],
            '/workers' => [200, (getenv('WEB_CONCURRENCY') ?: 'unset') . "\n"],
            default => [404, "There is nothing at {$path}\n"],
        };
    }
}
