package keep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/cache-aware/casper/server/learn"
	"github.com/cache-aware/casper/server/learn/evidence"
)

// Sharer exchanges a model's evidence with a store now and then. Run it in a goroutine of its
// own. The model has to have [learn.Config.Share] set, and all nodes the same
// [learn.Config.Secret].
type Sharer struct {
	Model *learn.Model
	Store evidence.Store

	// Every is the mean time between exchanges. Each waits between 0.8 and 1.2 of it, so that a
	// fleet does not march in step. Default 10 s.
	Every time.Duration

	// Timeout bounds each call of the store. Default 2 s.
	Timeout time.Duration

	// Log gets one line when the store fails, one when it is back, and one if this node's last
	// evidence could not be shared. Nil is silent.
	Log *slog.Logger

	cursor  evidence.Cursor
	pending []evidence.Delta // taken from the model, not yet taken by the store
	health  health
}

// maxRounds bounds how often one exchange asks for more.
const maxRounds = 1000

// Run exchanges at once, so that a node starts with what the others know, then now and then
// until the context ends, and once more after that so that nothing is left behind. Then it
// closes the store, if that has a method Close(context.Context) error, since it may still have
// something to send. A failing store is asked again after a while that
// doubles up to a minute. Run returns the error of the last exchange, or else of closing; all
// that is lost by it is this node's last evidence, without which the fleet knows nearly as much.
func (s *Sharer) Run(ctx context.Context) error {
	every := orElse(s.Every, 10*time.Second)
	wait := every
	for {
		s.Model.Tick(time.Now())
		if err := s.Exchange(ctx); err != nil {
			wait = min(2*wait, max(every, time.Minute))
		} else {
			wait = every
		}
		select {
		case <-ctx.Done():
			return s.end(context.WithoutCancel(ctx))
		case <-time.After(time.Duration((0.8 + 0.4*rand.Float64()) * float64(wait))):
		}
	}
}

// farewell bounds how long closing the store may take.
const farewell = 3 * time.Second

func (s *Sharer) end(ctx context.Context) error {
	err := s.Exchange(ctx)
	if c, ok := s.Store.(interface{ Close(context.Context) error }); ok {
		ctx, cancel := context.WithTimeout(ctx, farewell)
		defer cancel()
		if e := c.Close(ctx); err == nil {
			err = e
		}
	}
	if err != nil && s.Log != nil {
		s.Log.Warn("state: the last evidence was not shared", "err", err)
	}
	return err
}

// Exchange sends what is new and takes in what others have sent. While the store fails, one
// batch at most is kept besides the model. What comes in meanwhile adds up in the model itself,
// so an outage costs no memory however long it lasts.
func (s *Sharer) Exchange(ctx context.Context) error {
	err := s.exchange(ctx)
	s.health.report(s.Log, err, "learn: not sharing, serving goes on", "learn: sharing again")
	return err
}

func (s *Sharer) exchange(ctx context.Context) error {
	if len(s.pending) == 0 {
		s.pending = s.Model.Flush()
	}
	if len(s.pending) > 0 {
		err := s.call(ctx, func(ctx context.Context) error { return s.Store.Merge(ctx, s.pending) })
		if err != nil {
			return fmt.Errorf("learn: merging into the store: %w", err)
		}
		s.pending = nil
	}
	for range maxRounds {
		var deltas []evidence.Delta
		var next evidence.Cursor
		err := s.call(ctx, func(ctx context.Context) (err error) {
			deltas, next, err = s.Store.Load(ctx, s.cursor)
			return err
		})
		if err != nil {
			return fmt.Errorf("learn: loading from the store: %w", err)
		}
		s.Model.Merge(deltas...)
		s.cursor = next
		if len(deltas) == 0 {
			return nil
		}
	}
	return errors.New("learn: the store always has more")
}

func (s *Sharer) call(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, orElse(s.Timeout, 2*time.Second))
	defer cancel()
	return f(ctx)
}
