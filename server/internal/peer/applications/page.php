<?php
// An application of PHP: a session, PHP's own compression, and a page that is flushed in pieces.
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path != '/') {
    header('Content-Type: ' . (str_ends_with($path, '.css') ? 'text/css' : 'text/javascript'));
    header('Cache-Control: public, max-age=3600');
    return;
}
session_start();
ob_start('ob_gzhandler');
?>
<!doctype html>
<html><head><title>page</title>
<?php ob_flush(); flush(); ?>
<link rel="stylesheet" href="/style.css">
<script src="/app.js"></script></head>
<body><?php for ($i = 0; $i < 3; $i++) { echo "<p>$i</p>"; ob_flush(); flush(); } ?></body></html>
