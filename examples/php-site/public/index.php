<?php

require __DIR__ . '/../vendor/autoload.php';

[$status, $body] = (new Site\Site())->answer(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
http_response_code($status);
header('Content-Type: text/plain; charset=utf-8');
echo $body;
