package middleware_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cache-aware/casper/server/proxy"
	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	grpcstatus "google.golang.org/grpc/status"
)

// WebSocket and gRPC are whole protocols inside an answer: what they say has to pass as it is.

// webSockets answer with what they are sent, by each of the two libraries.
var webSockets = map[string]http.HandlerFunc{
	"gorilla": func(w http.ResponseWriter, r *http.Request) {
		up := gorilla.Upgrader{EnableCompression: true, Subprotocols: []string{"echo"}, CheckOrigin: func(*http.Request) bool { return true }}
		c, err := up.Upgrade(w, r, http.Header{"X-Upgraded": {"yes"}})
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, data, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, data) != nil {
				return
			}
		}
	},
	"coder": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Upgraded", "yes")
		c, err := coder.Accept(w, r, &coder.AcceptOptions{Subprotocols: []string{"echo"}, InsecureSkipVerify: true, CompressionMode: coder.CompressionContextTakeover})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(1 << 20)
		for {
			kind, data, err := c.Read(r.Context())
			if err != nil || c.Write(r.Context(), kind, data) != nil {
				return
			}
		}
	},
}

func TestWebSocket(t *testing.T) {
	message := bytes.Repeat([]byte("0123456789"), 20_000)
	upgrading := []string{"net/http", "chi logger", "chi Compress", "chi Timeout", "gin", "echo", "echo Gzip", "gorilla mux and logging", "negroni 3", "httpsnoop", "gzhttp", "otelhttp", "scs", "nosurf"}
	for library, answer := range webSockets {
		for _, c := range chains {
			if !slices.Contains(upgrading, c.name) {
				continue // its writer has no Hijack
			}
			t.Run(library+", "+c.name, func(t *testing.T) {
				t.Parallel()
				want := talk(serve(t, c.build(answer, nothing)), message)
				for _, place := range []string{outside, inside} {
					for _, m := range modes {
						if got := talk(serve(t, c.with(answer, m.make(), place)), message); got != want {
							t.Errorf("%s, %s: %s, and without casper %s", place, m.name, got, want)
						}
					}
				}
				h := modes[1].make()
				if got := talk(serve(t, h.Wrap(proxied(t, c.build(answer, nothing)))), message); got != want {
					t.Errorf("through the proxy: %s, and without casper %s", got, want)
				}
			})
		}
	}
}

// talk sends a message twice, and says what became of it.
func talk(addr string, message []byte) string {
	d := gorilla.Dialer{HandshakeTimeout: patience / 4, EnableCompression: true, Subprotocols: []string{"echo"}}
	c, resp, err := d.Dial("ws://"+addr+"/page", http.Header{"Cookie": {"h2o_casper=junk"}})
	if err != nil {
		return "error: " + err.Error()
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(patience))
	for range 2 {
		if err := c.WriteMessage(gorilla.BinaryMessage, message); err != nil {
			return "error: " + err.Error()
		}
		kind, data, err := c.ReadMessage()
		if err != nil || kind != gorilla.BinaryMessage || !bytes.Equal(data, message) {
			return fmt.Sprintf("answer of %d octets, %v", len(data), err)
		}
	}
	return fmt.Sprintf("status %d, protocol %q, %q, %q, link %q", resp.StatusCode, c.Subprotocol(), resp.Header["X-Upgraded"], resp.Header["Sec-Websocket-Extensions"], resp.Header["Link"])
}

// service is a health service with an error that has details, and trailers.
type service struct{ *health.Server }

func (s service) Check(ctx context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	grpc.SetHeader(ctx, metadata.Pairs("x-header", "1"))
	grpc.SetTrailer(ctx, metadata.Pairs("x-trailer", "2", "x-data-bin", "\x00\x01"))
	if r.Service == "denied" {
		return nil, grpcstatus.Error(codes.PermissionDenied, "not for you: 100% of ü")
	}
	return s.Server.Check(ctx, r)
}

func TestGRPC(t *testing.T) {
	services := func() (*grpc.Server, *health.Server) {
		state := health.NewServer()
		state.SetServingStatus("up", healthpb.HealthCheckResponse_SERVING)
		s := grpc.NewServer()
		healthpb.RegisterHealthServer(s, service{state})
		return s, state
	}
	s, state := services()
	want := call(t, serve(t, s), state)
	for _, m := range modes {
		s, state := services()
		if got := call(t, serve(t, m.make().Wrap(s)), state); got != want {
			t.Errorf("%s: %s, and without casper %s", m.name, got, want)
		}
		s, state = services()
		upstream := httptest.NewUnstartedServer(s)
		upstream.EnableHTTP2 = true
		upstream.StartTLS()
		t.Cleanup(upstream.Close)
		p, err := proxy.New(upstream.URL, proxy.Config{TLS: upstream.Client().Transport.(*http.Transport).TLSClientConfig})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		if got := call(t, serve(t, m.make().Wrap(p)), state); got != want {
			t.Errorf("%s, through the proxy: %s, and without casper %s", m.name, got, want)
		}
	}
}

// call makes calls of each kind, and tells what came of them.
func call(t *testing.T, addr string, state *health.Server) string {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var told strings.Builder
	client := healthpb.NewHealthClient(conn)
	for _, name := range []string{"up", "unknown", "denied"} {
		var header, trailer metadata.MD
		resp, err := client.Check(ctx, &healthpb.HealthCheckRequest{Service: name}, grpc.Header(&header), grpc.Trailer(&trailer))
		fmt.Fprintf(&told, "%s: %v %v %v %q %q; ", name, resp.GetStatus(), grpcstatus.Code(err), grpcstatus.Convert(err).Message(), header["x-header"], trailer)
	}
	stream, err := client.Watch(ctx, &healthpb.HealthCheckRequest{Service: "up"})
	if err != nil {
		return told.String() + err.Error()
	}
	for _, next := range []healthpb.HealthCheckResponse_ServingStatus{healthpb.HealthCheckResponse_NOT_SERVING, healthpb.HealthCheckResponse_SERVING} {
		resp, err := stream.Recv()
		fmt.Fprintf(&told, "watched %v %v; ", resp.GetStatus(), grpcstatus.Code(err))
		state.SetServingStatus("up", next)
	}
	resp, err := stream.Recv()
	fmt.Fprintf(&told, "watched %v %v", resp.GetStatus(), grpcstatus.Code(err))
	state.SetServingStatus("up", healthpb.HealthCheckResponse_SERVING)
	return told.String()
}
