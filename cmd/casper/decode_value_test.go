package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/cache-aware/casper/gcs/ricedelta"
)

// The documented example of Safe Browsing v5, and what is read of it.
const (
	documented     = `{"name":"se","additionsFourBytes":{"firstValue":489866504,"riceParameter":30,"entriesCount":2,"encodedData":"dADSlxvtSXQA"}}`
	documentedKeys = `"keys":[489866504,689685826,4154786533],"count":3,`
)

// message makes a protobuf message of numbers and octets by their fields.
func wire(fields ...any) (b []byte) {
	for i := 0; i < len(fields); i += 2 {
		num := protowire.Number(fields[i].(int))
		switch v := fields[i+1].(type) {
		case int:
			b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), uint64(v))
		case uint64:
			b = protowire.AppendFixed64(protowire.AppendTag(b, num, protowire.Fixed64Type), v)
		case string:
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), []byte(v))
		case []byte:
			b = protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
		}
	}
	return b
}

func octetsOf(s string) []byte {
	octets, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return octets
}

func zipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// Values come as they are held: in hex, base64, JSON and octets, from a file and from stdin.
func TestValueFiles(t *testing.T) {
	data := octetsOf("7400d2971bed497400")
	prefixes := octetsOf("1d32c508291bc542f7a502e5")
	sum := sha256.Sum256(prefixes)
	four := wire(1, 489866504, 2, 30, 3, 2, 4, data)
	wide := wire(1, 0x1d32c508, 2, uint64(1), 5, 99, 6, 0)
	sixteen := wire(1, 1, 2, uint64(2), 3, 99, 4, 1, 5, append([]byte{2}, make([]byte, 12)...))
	v5 := []string{"--format", "rice-delta-v5", "--first", "489866504", "--rice", "30", "--count", "2"}
	v4 := []string{"--format", "rice-delta", "--first", "5", "--rice", "2", "--count", "2"}
	many := strings.Repeat("00", 400)
	for name, tt := range map[string]struct {
		content string
		args    []string
		want    string // in stdout or, of a refusal, in stderr
		fails   bool
	}{
		"hex":                   {"7400d2971bed497400\n", v5, documentedKeys, false},
		"upper-case hex":        {"7400D2971BED497400", v5, documentedKeys, false},
		"base64":                {"dADSlxvtSXQA\n", v5, documentedKeys, false},
		"base64 of the URLs":    {"3q2-7w==", []string{"--format", "raw", "--rice", "2"}, "nonzero-padding at bit 31", true},
		"octets":                {string(data), v5, documentedKeys, false},
		"packed hex":            {zipped("7400d2971bed497400\n"), v5, documentedKeys, false},
		"two lines":             {"f702\nf702\n", v4, `"keys":[5,20,29],"count":3,"bytes":2,"canonical":true}` + "\n" + `{"format":"rice-delta"`, false},
		"lines of xxd":          {many[:60] + "\n" + many[:60] + "\n" + many[:20] + "\n", []string{"--format", "raw", "--run", "ones-zero", "--rice", "7", "--count", "70"}, `"count":70,"bytes":70`, false},
		"lines of openssl":      {many[:64] + "\r\n" + many[:64] + "\r\n", []string{"--format", "raw", "--run", "ones-zero", "--rice", "7", "--count", "64"}, `"count":64,"bytes":64`, false},
		"three of 60, no wrap":  {many[:60] + "\n" + many[:20] + "\n" + many[:60] + "\n", []string{"--format", "raw", "--run", "ones-zero", "--rice", "7", "--count", "30"}, `truncated`, true},
		"no digit":              {strings.Repeat("00", headSize) + "g0", []string{"--format", "raw", "--rice", "7"}, `neither hex nor base64`, true},
		"JSON":                  {documented, nil, documentedKeys, false},
		"JSON of several":       {`{"hashLists":[` + documented + `]}`, nil, documentedKeys, false},
		"JSON with underscores": {`{"additions_four_bytes":{"first_value":"489866504","rice_parameter":30,"entries_count":2,"encoded_data":"dADSlxvtSXQA"}}`, nil, documentedKeys, false},
		"JSON, zeros left out":  {`{"additionsEightBytes":{"riceParameter":35,"entriesCount":1,"encodedData":"AgAAAAA="}}`, nil, `"bits":64,"rice":35,"count":1,"first_hex":"0000000000000000","keys":[0,1]`, false},
		"JSON, nothing said":    {`{"additionsFourBytes":{}}`, nil, `"keys":[0],"count":1,"bytes":0`, false},
		"JSON, a sum":           {strings.Replace(documented, `}}`, `},"sha256Checksum":"`+base64.StdEncoding.EncodeToString(sum[:])+`"}`, 1), nil, documentedKeys, false},
		"JSON, another sum":     {strings.Replace(documented, `}}`, `},"sha256Checksum":"`+base64.StdEncoding.EncodeToString(make([]byte, 32))+`"}`, 1), nil, "another SHA-256", true},
		"JSON, a partial list":  {strings.Replace(documented, `}}`, `},"partialUpdate":true,"sha256Checksum":"`+base64.StdEncoding.EncodeToString(make([]byte, 32))+`"}`, 1), nil, documentedKeys, false},
		"JSON of v4":            {`{"listUpdateResponses":[{"additions":[{"compressionType":"RICE","riceHashes":{"firstValue":"5","riceParameter":2,"numEntries":2,"encodedData":"9wI="}}]}]}`, nil, `{"format":"rice-delta","rice":2,"count":2,"first":5,"keys":[5,20,29]`, false},
		"JSON of Web Risk":      {`{"additions":{"riceHashes":[{"firstValue":"5","riceParameter":2,"entryCount":2,"encodedData":"9wI="}]}}`, nil, `"keys":[5,20,29]`, false},
		"JSON of a node":        {"{\n  \"filter\": \"019dfca8\",\n  \"header\": \"21584579b7eb08997773e5aeff3a7f932700042d0ed2a6129012b7d7ae81b750\"\n}\n", nil, `{"format":"bip158","p":19,"n":1,"m":784931,"keys":[769941]`, false},
		"JSON-RPC of a node":    {`{"result":{"filter":"019dfca8","header":"00"},"error":null,"id":1}`, nil, `"keys":[769941]`, false},
		"gRPC's base64":         {`{"filter":"AZ38qA=="}`, nil, `"keys":[769941]`, false},
		"JSON of another":       {documented, []string{"--format", "rice-delta"}, "this is rice-delta-v5, not rice-delta", true},
		"JSON, a wrong rice":    {strings.Replace(documented, ":30", ":31", 1), nil, "rice is 3 to 30 for 32 bits, not 31", true},
		"JSON, a large first":   {strings.Replace(documented, "489866504", "4294967296", 1), nil, "firstValue is no number from 0 to 4294967295", true},
		"JSON, no base64":       {strings.Replace(documented, "dADS", "d$DS", 1), nil, "encodedData is no base64", true},
		"protobuf":              {string(wire(1, "se", 2, "v", 3, 1, 4, four)), nil, documentedKeys, false},
		"protobuf of several":   {string(wire(1, wire(1, "a", 4, four), 1, wire(1, "b", 10, sixteen))), nil, `"bits":128,"rice":99,"count":1,"first_hex":"00000000000000010000000000000002","keys":["18446744073709551618","18446744073709551619"]`, false},
		"protobuf of 256 bits":  {string(wire(11, wire(1, 1, 2, uint64(2), 3, uint64(3), 4, uint64(4)))), nil, `"first_hex":"0000000000000001000000000000000200000000000000030000000000000004"`, false},
		"protobuf, removals":    {string(wire(5, wire(1, 10, 2, 3, 3, 1, 4, "\x02"))), nil, `"keys":[10,11]`, false},
		"protobuf, a sum":       {string(wire(4, four, 7, sum[:])), nil, documentedKeys, false},
		"protobuf, no sum":      {string(wire(4, four, 7, make([]byte, 32))), nil, "another SHA-256", true},
		"protobuf and --format": {string(wire(4, four)), []string{"--format", "rice-delta-v5"}, documentedKeys, false},
		"protobuf of others":    {string(wire(1, "x\x00", 15, 7)), nil, "no", true},
		"protobuf, bad fields":  {string(wire(10, wide, 2, "\x00")), nil, "no", true},
		"above --max-size":      {many, []string{"--format", "raw", "--run", "ones-zero", "--rice", "7", "--max-size", "399"}, `{"error":"limit"`, true},
		"at --max-size":         {many, []string{"--format", "raw", "--run", "ones-zero", "--rice", "7", "--count", "400", "--max-size", "400"}, `"count":400`, false},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, []byte(tt.content), 0o666); err != nil {
				t.Fatal(err)
			}
			for _, from := range []string{file, "-"} {
				var out, errs strings.Builder
				if from == "-" && strings.HasPrefix(name, "protobuf") && !strings.Contains(tt.content, "\x00") {
					continue // it may be lines with colours
				}
				code := run(slices.Concat([]string{"decode", "--json"}, tt.args, []string{from}), strings.NewReader(tt.content), &out, &errs)
				if all := out.String() + errs.String(); !strings.Contains(all, tt.want) || (code != 0) != tt.fails {
					t.Errorf("from %.1s: exit code %d, %s, want %q", from, code, all, tt.want)
				}
			}
		})
	}
}

// A list of the size that Safe Browsing has is read in a few megabytes.
func TestLargeList(t *testing.T) {
	const n = 400_000
	values := make([]uint32, n)
	for i := range values {
		values[i] = uint32(i * 10_000)
	}
	l, err := ricedelta.FromValues(13, values)
	if err != nil {
		t.Fatal(err)
	}
	text := hex.EncodeToString(l.Data) + "\n" // above what a line may have
	if len(text) < 1<<20 {
		t.Fatalf("%d digits", len(text))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var tail last
	var errs strings.Builder
	code := run([]string{"decode", "--json", "--format", "rice-delta", "--rice", "13", "--count", fmt.Sprint(n - 1), "-"}, strings.NewReader(text), &tail, &errs)
	runtime.ReadMemStats(&after)
	if want := fmt.Sprintf(`3999980000,3999990000],"count":%d,"bytes":%d,"canonical":true}`+"\n", n, len(l.Data)); code != 0 || !strings.HasSuffix(string(tail), want) {
		t.Errorf("exit code %d, %s, %s", code, tail, errs.String())
	}
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 16<<20 {
		t.Errorf("it takes %d octets of memory for a list of %d", spent, len(l.Data))
	}
}

// last keeps the end of what is written.
type last []byte

func (l *last) Write(p []byte) (int, error) {
	*l = append(*l, p...)
	*l = append((*l)[:0], (*l)[max(0, len(*l)-100):]...)
	return len(p), nil
}
