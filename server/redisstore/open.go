package redisstore

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// IsAddress reports whether a text is an address for [Open] by its scheme, and not a file's name.
func IsAddress(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && (scheme == "redis" || scheme == "rediss" || scheme == "unix")
}

// Redacted returns an address without what is secret in it, for logs and metrics: of its parameters only
// the site is left.
func Redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "unnamed" // what cannot be read may hold a password
	}
	site := u.Query().Get("site")
	u.RawQuery = ""
	if site != "" {
		u.RawQuery = url.Values{"site": {site}}.Encode()
	}
	return u.Redacted()
}

// Open returns a store at a redis://, rediss:// or unix:// URL, in the form of redis.ParseURL. Besides, these
// parameters are known:
//
//	site         sets [Config.Site]
//	ca           a file with the certificates, in PEM, that the server's is to be signed by (rediss)
//	addr         another server's host:port, of the same kind; may be repeated
//	cluster      true: these are nodes of a Redis Cluster
//	master_name  these are Sentinels, which know the server of this name; what stands before the host
//	             is for that server, and sentinel_username and sentinel_password are for the Sentinels
//
// It does not connect yet: a server that is away now may be there later.
//
// An answer above 4 MiB, or with a string above 64 KiB, ends its connection before room is made
// for it.
//
// What fails comes back as an error of [Store.Merge] and [Store.Load], so Open turns off
// go-redis's own log, which is one for the whole process and would repeat the same line as
// long as Redis is away.
func Open(address string, c Config) (*Store, error) {
	client, site, err := connect(address)
	if err != nil {
		return nil, err
	}
	if site != "" {
		c.Site = site
	}
	s, err := New(client, c)
	if err != nil {
		client.Close()
		return nil, err
	}
	s.closer = client.Close
	return s, nil
}

// connect makes the client of an address, and returns the site that stands in it.
func connect(address string) (client redis.UniversalClient, site string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		var e *url.Error // which repeats the address, and so a password
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, "", fmt.Errorf("redisstore: the address: %w", err)
	}
	query := u.Query()
	take := func(name string) string {
		value := query.Get(name)
		query.Del(name)
		return value
	}
	addrs := slices.Clone(query["addr"])
	query.Del("addr")
	site = take("site")
	more := redis.UniversalOptions{
		MasterName: take("master_name"), SentinelUsername: take("sentinel_username"), SentinelPassword: take("sentinel_password"),
	}
	cluster, ca := take("cluster"), take("ca")
	u.RawQuery = query.Encode()
	more.IsClusterMode = cluster == "true"
	o, err := redis.ParseURL(u.String())
	switch {
	case err != nil:
	case cluster != "" && cluster != "true" && cluster != "false":
		err = errors.New("cluster is true or false")
	case more.IsClusterMode && more.MasterName != "":
		err = errors.New("it has either cluster or master_name")
	case len(addrs) > 0 && !more.IsClusterMode && more.MasterName == "":
		err = errors.New("addr is for cluster=true, or for Sentinels with master_name")
	case more.IsClusterMode && o.DB != 0:
		err = errors.New("a cluster has no databases but 0")
	case ca != "" && o.TLSConfig == nil:
		err = errors.New("ca is for rediss://")
	case ca != "":
		err = trust(o.TLSConfig, ca)
	}
	if err != nil {
		return nil, "", fmt.Errorf("redisstore: %s: %w", Redacted(address), err)
	}
	// A call is bounded by its context. One connection does the work, one waits for news, and a
	// third is there while one of those is given up.
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.PoolSize = 3
	o.MaxActiveConns = 3
	o.MinIdleConns = 0
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	o.DialTimeout = cmp.Or(o.DialTimeout, 2*time.Second)
	logging.Disable()
	if !more.IsClusterMode && more.MasterName == "" {
		o.Dialer = bounded(redis.NewDialer(o))
		return redis.NewClient(o), site, nil
	}
	if o.TLSConfig != nil {
		o.TLSConfig.ServerName = "" // each has a name of its own
	}
	more.Addrs = append([]string{o.Addr}, addrs...)
	more.DB, more.Username, more.Password, more.Protocol = o.DB, o.Username, o.Password, o.Protocol
	more.ContextTimeoutEnabled, more.MaxRetries, more.DialerRetries = true, -1, o.DialerRetries
	more.PoolSize, more.MaxActiveConns, more.DisableIdentity = o.PoolSize, o.MaxActiveConns, true
	more.MaintNotificationsConfig = o.MaintNotificationsConfig
	more.DialTimeout, more.ReadTimeout, more.WriteTimeout = o.DialTimeout, o.ReadTimeout, o.WriteTimeout
	more.TLSConfig = o.TLSConfig
	more.Dialer = bounded(redis.NewDialer(o))
	return redis.NewUniversalClient(&more), site, nil
}

// trust lets a connection trust the certificates in a file, and no others.
func trust(c *tls.Config, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return nil
}
