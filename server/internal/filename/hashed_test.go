package filename

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

func TestHashed(t *testing.T) {
	for _, name := range []string{
		"app.3f2a9c1b.js", "index-BkX2a9.js", // the two of the package's promise
		"assets/index-5UjPuW-k.css", "assets/index-BRBmoGS9.js", "assets/shared-ChJ_j-JJ.css", "assets/foo-B7PI925R.js", "assets/inter-latin-400.C38fXH4l.woff2", "_astro/index.DhtS3aK_.css", // Vite, Astro
		"static/js/main.073c9b0a.js", "static/js/787.28cb0dcd.chunk.js", "static/css/main.f855e6bc.css", "static/js/main.073c9b0a.js.map", "runtime-main.94b0a92d.js", // webpack
		"app.3f2a9c1b.min.js", "application-9cbff0c8e4f5d6a7b8c9d0e1f2a3b4c5.css", "img/logo.82b9c7a5.png", "main.8e0d62a03f7b1c9d2e4f.js", // webpack, Rails, Vue
		"app-4GQJ7XKM.js", "chunk-Q2W7BN4K.js", // esbuild
		"_app/immutable/chunks/entry.js", "_app/immutable/start-x.js", "_next/static/chunks/webpack.js",
	} {
		if !Hashed(name) {
			t.Errorf("%s carries a hash", name)
		}
	}
	for _, name := range []string{
		"app.js", "app.min.js", "style.css", "main.chunk.js", "index.html", "page.3f2a9c1b.html", "LICENSE", "robots.txt", "favicon.ico", "",
		"jquery-3.6.0.min.js", "jquery-3.6.0.js", "bootstrap.bundle.min.js", "bootstrap-5.3.2.css", "react-dom.production.min.js", "vue.global.prod.js", "d3.v7.min.js",
		"report-20240131.pdf", "photo_20240101_123456.jpg", "IMG_20240101_120000.jpg", "DSC-00012345.jpg", "screenshot-1699999999999.png",
		"photo-HomePage2.jpg", "photo-CSS3Demo.png", "photo-SUMMER22.jpg", "brochure-Version2Final.pdf", "README-enUSv2.md", "logo-dark.svg", "logo-darkMode.svg", "icon-gridView.svg",
		"main-settings.js", "calendar.js", "my-calendar.js", "app-calendar.js", "user-profile-page.js", "site-header.css", "fontawesome-webfont.woff2", "Inter-SemiBold.woff2", "Inter-SemiBoldItalic.woff2",
		"Roboto-MediumItalic.ttf", "OpenSans-ExtraBold.woff2", "NotoSansJP-Regular.otf", "SourceCodePro-Regular.woff2", "IBMPlexSans-Regular.woff2", "SourceHanSansJP-VF.woff2", "lib.deadbeef.js",
		"facade-backed.jpg", "album-decade.jpg", "550e8400-e29b-41d4-a716-44665544abcd.jpg", "user-550e8400-e29b-41d4-a716-44665544abcd.jpg", "d41d8cd98f00b204e9800998ecf8427e.jpg",
		"app-v2.js", "app-v1.2.3.js", "app-2.0.0-beta.1.js", "sitemap-2026-11.xml", "feed.atom", "model-LowPoly2.glb", "video-Full1080p.mp4", "clip-1080p60fps.mp4", "en-US.json", "messages.zh-Hans.json",
		"angular-locale_de-de.js", "moment-with-locales.js", "polyfills-es2015.js", "main-es2018.js", "iso-8859-1.txt", "utf8.css", "x-ABCDEFGH.txt", "x-12345678.txt",
	} {
		if Hashed(name) {
			t.Errorf("%s carries no hash", name)
		}
	}
}

// How many of the hashes that build tools make are recognised. A miss costs a revalidation, so
// no more than a small part may be missed.
func TestHashedRecall(t *testing.T) {
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 3))
	const n = 20_000
	for _, tt := range []struct {
		tool string
		name func(sum []byte) string
		want float64
	}{
		{"hex, 8 (webpack, Parcel)", func(sum []byte) string { return "main." + hex.EncodeToString(sum[:4]) + ".js" }, 0.95},
		{"hex, 20 (webpack)", func(sum []byte) string { return "main-" + hex.EncodeToString(sum[:10]) + ".js" }, 0.99},
		{"base64url, 8 (Vite)", func(sum []byte) string { return "index-" + base64.RawURLEncoding.EncodeToString(sum[:6]) + ".js" }, 0.85},
		{"base32, 8 (esbuild)", func(sum []byte) string { return "chunk-" + base32.StdEncoding.EncodeToString(sum[:5]) + ".js" }, 0.6},
	} {
		hits := 0
		for range n {
			sum := make([]byte, 10)
			for i := range sum {
				sum[i] = byte(rnd.Uint32())
			}
			if Hashed(tt.name(sum)) {
				hits++
			}
		}
		share := float64(hits) / n
		t.Logf("%s: %.1f %% recognised", tt.tool, 100*share)
		if share < tt.want {
			t.Errorf("seed %d: %s: %.3f recognised, want %.2f", seed, tt.tool, share, tt.want)
		}
	}
}
