package learn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Store is where the nodes of a fleet meet. Both methods may fail or take long; a [Sharer] calls them away from any request, and
// serving goes on without them.
type Store interface {
	// Merge adds deltas to what the fleet knows. After an error some of them may have been added, and all will be sent again: a little
	// evidence counting twice does no harm.
	Merge(ctx context.Context, deltas []Delta) error

	// Load returns deltas that the other nodes have merged since the cursor, a bounded number of them, and the cursor to go on from. The
	// zero Cursor asks for all that the store still holds, this node's own included. No deltas means that there are no more.
	Load(ctx context.Context, since Cursor) ([]Delta, Cursor, error)
}

// Cursor is a place in a store's history. Its text is the store's own affair; the zero Cursor is the beginning.
type Cursor string

// Sharer exchanges a model's evidence with a [Store] now and then. Run it in a goroutine of its own. The model has to have
// [Config.Share] set, and all nodes the same [Config.Secret].
type Sharer struct {
	Model *Model
	Store Store

	// Every is the mean time between exchanges. Each waits between 0.8 and 1.2 of it, so that a fleet does not march in step. Default 10 s.
	Every time.Duration

	// Timeout bounds each call of the store. Default 2 s.
	Timeout time.Duration

	// Log gets one line when the store fails and one when it is back. Nil is silent.
	Log *slog.Logger

	cursor  Cursor
	pending []Delta // taken from the model, not yet taken by the store
	failing bool
}

// maxRounds bounds how often one exchange asks for more.
const maxRounds = 1000

// Run exchanges at once, so that a node that starts knows what the fleet does, then now and then until the context ends, and once
// more after that so that nothing is left behind. A failing store is asked again after a while that doubles up to a minute. Run
// returns the error of the last exchange, nil when it succeeded.
func (s *Sharer) Run(ctx context.Context) error {
	every := s.Every
	if every <= 0 {
		every = 10 * time.Second
	}
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
			return s.Exchange(context.WithoutCancel(ctx))
		case <-time.After(time.Duration((0.8 + 0.4*rand.Float64()) * float64(wait))):
		}
	}
}

// Exchange sends what is new and takes in what others have sent. While the store fails, one batch at most is kept besides the model; what
// comes in meanwhile adds up in the model itself, so an outage costs no memory however long it lasts.
func (s *Sharer) Exchange(ctx context.Context) error {
	err := s.exchange(ctx)
	if s.Log != nil && (err != nil) != s.failing {
		if err != nil {
			s.Log.Warn("learn: not sharing, serving goes on", "err", err)
		} else {
			s.Log.Info("learn: sharing again")
		}
	}
	s.failing = err != nil
	return err
}

func (s *Sharer) exchange(ctx context.Context) error {
	if len(s.pending) == 0 {
		s.pending = s.Model.Flush()
	}
	if len(s.pending) > 0 {
		if err := s.call(ctx, func(ctx context.Context) error { return s.Store.Merge(ctx, s.pending) }); err != nil {
			return fmt.Errorf("learn: merging into the store: %w", err)
		}
		s.pending = nil
	}
	for range maxRounds {
		var deltas []Delta
		var next Cursor
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
	timeout := s.Timeout
	if timeout <= 0 {
		timeout = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return f(ctx)
}
