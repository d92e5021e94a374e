module github.com/cache-aware/casper/gcs/bench

go 1.26.0

require (
	github.com/btcsuite/btcd/btcutil v1.2.0
	github.com/cache-aware/casper v0.0.0
	github.com/dgryski/go-bitstream v0.0.0-20180413035011-3522498ce2c8
	github.com/icza/bitio v1.0.0
	github.com/kkdai/bstream v1.0.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/aead/siphash v1.0.1 // indirect
	github.com/btcsuite/btcd v0.24.2 // indirect
	github.com/btcsuite/btcd/chaincfg/chainhash v1.1.0 // indirect
	golang.org/x/crypto v0.25.0 // indirect
)

replace github.com/cache-aware/casper => ../..
