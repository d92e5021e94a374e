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

	// Every is the mean time between reports, and between attempts while the store fails. Each waits between 0.8
	// and 1.2 of it, so that a fleet does not march in step. What comes after a pause is
	// reported within a fifth of it. A store that is no [evidence.Waiter] is asked as often
	// for what is new. Default 2.5 s.
	Every time.Duration

	// Timeout bounds each call of the store. Default 2 s.
	Timeout time.Duration

	// Log gets one line when the store fails, one when it is back, and one if this node's last
	// evidence could not be shared. Nil is silent.
	Log *slog.Logger

	cursor  evidence.Cursor
	flushed uint64           // the model's Changes when it was last flushed
	pending []evidence.Delta // taken from the model, not yet taken by the store
	health  health
}

// maxRounds bounds how often one exchange asks for more.
const maxRounds = 1000

// Run exchanges at once, so that a node starts with what the others know. Then it reports what is new,
// and loads what the store has told it of, until the context ends, and exchanges once more after that
// so that nothing is left behind. Then it closes the store, if that has a method
// Close(context.Context) error, since it may still have something to send. Run returns the error of the
// last exchange, or else of closing; all that is lost by it is this node's last
// evidence, without which the fleet knows nearly as much.
func (s *Sharer) Run(ctx context.Context) error {
	every := orElse(s.Every, 2500*time.Millisecond)
	waiter, waits := s.Store.(evidence.Waiter)
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	var told chan error // of the wait that is under way
	beat := time.NewTicker(every / 5)
	defer beat.Stop()
	pause := func() time.Duration { return time.Duration((0.8 + 0.4*rand.Float64()) * float64(every)) }
	s.Model.Tick(time.Now())
	err := s.Exchange(ctx)
	retry := time.Now().Add(pause())
	var paid time.Time // until when what was reported is paid for
	for {
		if waits && err == nil && told == nil {
			told = make(chan error, 1)
			go func(since evidence.Cursor, told chan<- error) { told <- waiter.Await(waiting, since) }(s.cursor, told)
		}
		select {
		case <-ctx.Done():
			err := s.end(context.WithoutCancel(ctx))
			if told != nil { // closing the store ends the wait
				select {
				case <-told:
				case <-time.After(time.Second):
				}
			}
			return err
		case err = <-told:
			told = nil
			if err == nil {
				err = s.load(ctx)
			}
			s.report(err)
		case <-beat.C:
			now := time.Now()
			s.Model.Tick(now)
			switch {
			case err != nil || !waits:
				if now.After(retry) {
					err = s.Exchange(ctx)
					retry = time.Now().Add(pause())
				}
			case paid.Before(now.Add(credit*every)) && s.news():
				err = s.send(ctx)
				s.report(err)
				if paid.Before(now) {
					paid = now
				}
				paid = paid.Add(pause())
			}
		}
	}
}

// credit is how many reports may follow one another closely, after a pause. What visitors taught in
// one second seldom ends in the same report.
const credit = 2

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
	err := s.send(ctx)
	if err == nil {
		err = s.load(ctx)
	}
	s.report(err)
	return err
}

func (s *Sharer) report(err error) {
	s.health.report(s.Log, err, "learn: not sharing, serving goes on", "learn: sharing again")
}

// news reports whether there is something to send, and takes it from the model.
func (s *Sharer) news() bool {
	if changes := s.Model.Changes(); len(s.pending) == 0 && changes != s.flushed {
		s.flushed, s.pending = changes, s.Model.Flush()
	}
	return len(s.pending) > 0
}

func (s *Sharer) send(ctx context.Context) error {
	if !s.news() {
		return nil
	}
	err := s.call(ctx, func(ctx context.Context) error { return s.Store.Merge(ctx, s.pending) })
	if err != nil {
		return fmt.Errorf("learn: merging into the store: %w", err)
	}
	s.pending = nil
	return nil
}

func (s *Sharer) load(ctx context.Context) error {
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
