package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"path"
	"strings"

	"github.com/google/rpmpack"
)

const (
	summary     = "sends what a page needs and its visitor's browser lacks"
	description = "casper learns which style sheets, scripts and fonts a page needs, reads from a cookie which of them a browser holds, " +
		"and announces the others ahead of the page, by 103 Early Hints or HTTP/2 push. The tool also decodes, explains and tests " +
		"cookies, digests and filters that are Golomb-coded sets."
	homepage   = "https://" + root
	maintainer = "casper maintainers <casper@cache-aware.invalid>"
)

// machines are Go's names, Debian's and RPM's.
var machines = map[string]struct{ deb, rpm string }{
	"amd64": {"amd64", "x86_64"}, "arm64": {"arm64", "aarch64"}, "riscv64": {"riscv64", "riscv64"},
}

// What a package runs: systemd is told of the unit, which the administrator enables. A removal ends it.
const (
	installed = "[ ! -d /run/systemd/system ] || systemctl daemon-reload || true\n"
	removing  = "[ ! -d /run/systemd/system ] || systemctl disable --now casper.service || true\n"
)

// packages writes the packages of Debian's and of RPM's kind, of the files of an archive.
func (r *releasing) packages(machine string, all []file) error {
	installed, err := r.install(all)
	if err != nil {
		return err
	}
	names := machines[machine]
	// A version before another is written with a tilde by both.
	version := strings.Replace(r.version, "-", "~", 1)
	deb, err := r.deb(version, names.deb, installed)
	if err != nil {
		return err
	}
	if err := r.write(fmt.Sprintf("casper_%s_%s.deb", r.version, names.deb), deb); err != nil {
		return err
	}
	rpm, err := r.rpm(version, names.rpm, installed)
	if err != nil {
		return err
	}
	return r.write(fmt.Sprintf("casper-%s-1.%s.rpm", r.version, names.rpm), rpm)
}

// install says where the files of an archive are installed, and adds the unit and its options.
func (r *releasing) install(all []file) ([]file, error) {
	var out []file
	for _, f := range all {
		switch {
		case f.name == "casper":
			f.name = "usr/bin/casper"
		case strings.HasPrefix(f.name, "man/"):
			var packed bytes.Buffer
			w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
			w.Write(f.text)
			w.Close()
			f.name, f.text = "usr/share/"+f.name+".gz", packed.Bytes()
		case f.name == "completions/casper.bash":
			f.name = "usr/share/bash-completion/completions/casper"
		case f.name == "completions/casper.fish":
			f.name = "usr/share/fish/vendor_completions.d/casper.fish"
		case f.name == "completions/_casper":
			f.name = "usr/share/zsh/site-functions/_casper"
		case f.name == "LICENSE":
			f.name = "usr/share/doc/casper/copyright"
		case path.Ext(f.name) == ".md":
			f.name = "usr/share/doc/casper/" + f.name
		default: // Containerfile, and what is for PowerShell
			continue
		}
		out = append(out, f)
	}
	for _, f := range []file{
		{name: "usr/lib/systemd/system/casper.service"},
		{name: "etc/default/casper", conf: true},
	} {
		text, err := files.ReadFile("files/" + map[bool]string{false: "casper.service", true: "casper.default"}[f.conf])
		if err != nil {
			return nil, err
		}
		f.text = text
		out = append(out, f)
	}
	return out, nil
}

// deb returns a package as deb(5) has it: an ar file of the format's version, what dpkg reads, and the files.
func (r *releasing) deb(version, machine string, all []file) ([]byte, error) {
	data, err := r.tar(".", all)
	if err != nil {
		return nil, err
	}
	var size int
	var sums, conf bytes.Buffer
	for _, f := range all {
		size += len(f.text)
		fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.text), f.name)
		if f.conf {
			fmt.Fprintf(&conf, "/%s\n", f.name)
		}
	}
	fields := fmt.Sprintf("Package: casper\nVersion: %s\nArchitecture: %s\nMaintainer: %s\nInstalled-Size: %d\nSection: web\nPriority: optional\nHomepage: %s\nDescription: %s\n %s\n",
		version, machine, maintainer, (size+1023)/1024, homepage, summary, description)
	control, err := r.tar(".", []file{
		{name: "control", text: []byte(fields)},
		{name: "md5sums", text: sums.Bytes()},
		{name: "conffiles", text: conf.Bytes()},
		{name: "postinst", text: []byte("#!/bin/sh\n" + installed), mode: 0o755},
		{name: "prerm", text: []byte("#!/bin/sh\n[ \"$1\" != remove ] || { " + strings.TrimSpace(removing) + "; }\n"), mode: 0o755},
		{name: "postrm", text: []byte("#!/bin/sh\n" + installed), mode: 0o755},
	})
	if err != nil {
		return nil, err
	}
	out := bytes.NewBufferString("!<arch>\n")
	for _, member := range []file{{name: "debian-binary", text: []byte("2.0\n")}, {name: "control.tar.gz", text: control}, {name: "data.tar.gz", text: data}} {
		fmt.Fprintf(out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", member.name, r.date.Unix(), 0, 0, 0o100644, len(member.text))
		out.Write(member.text)
		if len(member.text)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	return out.Bytes(), nil
}

// rpm returns a package as RPM has it.
func (r *releasing) rpm(version, machine string, all []file) ([]byte, error) {
	out, err := rpmpack.NewRPM(rpmpack.RPMMetaData{
		Name: "casper", Summary: summary, Description: description, Version: version, Release: "1", Arch: machine, OS: "linux",
		URL: homepage, Packager: maintainer, Licence: "MIT", BuildHost: "localhost", Compressor: "gzip", BuildTime: r.date,
	})
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		kind := rpmpack.GenericFile
		switch {
		case f.conf:
			kind = rpmpack.ConfigFile | rpmpack.NoReplaceFile
		case strings.HasPrefix(f.name, "usr/share/doc/"), strings.HasPrefix(f.name, "usr/share/man/"):
			kind = rpmpack.DocFile
		}
		out.AddFile(rpmpack.RPMFile{Name: "/" + f.name, Body: f.text, Mode: uint(0o100000 | f.perm()), Owner: "root", Group: "root", MTime: uint32(r.date.Unix()), Type: kind})
	}
	out.AddPostin(installed)
	out.AddPreun("[ \"$1\" != 0 ] || { " + strings.TrimSpace(removing) + "; }\n")
	out.AddPostun(installed)
	var text bytes.Buffer
	if err := out.Write(&text); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
