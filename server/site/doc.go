// Package site serves the static files of a folder, or of any fs.FS, so that caches can do
// their work.
//
// Every file has a strong validator, made from its content. Names that carry a content hash are
// immutable; other assets are fresh for a stated time, since a browser asks twice for a hinted
// asset whose freshness is left open; pages are checked on every visit. Files compressed in
// advance (app.css.br, app.css.zst, app.css.gz beside app.css) go to clients that take them,
// each variant with a validator of its own ([Handler.Validator] tells that of the plain file).
// Package net/http answers ranges and conditional requests.
//
// A path leads to one file, and that of a folder to its index.html: it is served as it is written
// or not at all, so that cache keys made from paths agree. [Config.CleanURLs] adds /about for
// about.html, and [Config.Fallback] answers for the pages that an application makes in the browser.
// Names that begin with a dot are hidden, except /.well-known/. Folders are not listed. Through
// [Open], symbolic links cannot leave the folder.
//
// What a page asks for can be read from its plain file, whatever coding the client is sent
// ([Handler.Head]).
package site
