module github.com/cache-aware/casper

go 1.26.0
