package capture

import (
	"io"
	"iter"
	"runtime"
	"sync"
)

// AppendEach scans r on all processors. Workers append to a buffer what each
// makes of a match, and the loop gets these buffers in the order of the log:
// the concatenation of all is what calling each on the matches of
// [LogScanner.All], in turn, would have appended. A buffer is valid until the
// loop goes on.
//
// each is called from several goroutines at once, which also means that the
// work on a match, not only the search, is spread. One goroutine reads (and
// unpacks) ahead of the workers by a bounded number of chunks. When the loop
// ends, early or not, a Read under way is waited for, and no goroutine is left.
//
// Errors are those of All and come last.
func (s *LogScanner) AppendEach(r io.Reader, each func(dst []byte, m LogMatch) []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		find, in, err := s.begin(r)
		if err != nil {
			yield(nil, err)
			return
		}
		workers := s.Workers
		if workers <= 0 {
			workers = runtime.GOMAXPROCS(0)
		}
		p := newPipeline(2*workers + 1)
		defer p.stop()
		p.start(func() { p.read(in) })
		for range workers {
			p.start(func() { p.work(find, each) })
		}
		for c := range p.order {
			<-c.done
			s.counts.Matches += c.matches
			s.tally(c.lines.long, c.at, c.named)
			if len(c.out) > 0 && !yield(c.out, nil) {
				return
			}
			if c.err != nil {
				if c.err != io.EOF {
					yield(nil, c.err)
				}
				return
			}
			p.free <- c
		}
	}
}

// chunk is one run on its way from the reader through a worker to the loop.
type chunk struct {
	lines   run
	at      position // of the source behind this run
	err     error    // what ended the source, after this run
	out     []byte
	matches int64
	named   mentions
	done    chan struct{} // a worker has finished with it
}

// pipeline moves a fixed number of chunks in a circle: free, read, worked on
// and, in the order of reading, delivered.
type pipeline struct {
	free, jobs, order chan *chunk
	quit              chan struct{}
	running           sync.WaitGroup
}

func newPipeline(chunks int) *pipeline {
	p := &pipeline{
		free:  make(chan *chunk, chunks),
		jobs:  make(chan *chunk, chunks),
		order: make(chan *chunk, chunks),
		quit:  make(chan struct{}),
	}
	for range chunks {
		p.free <- &chunk{done: make(chan struct{}, 1)}
	}
	return p
}

func (p *pipeline) start(f func()) { p.running.Go(f) }

func (p *pipeline) stop() {
	close(p.quit)
	p.running.Wait()
}

// read fills chunks until the source ends or the loop does. The channels hold
// every chunk there is, so only the wait for a free one can block.
func (p *pipeline) read(in *logSource) {
	defer close(p.order)
	defer close(p.jobs)
	for {
		select {
		case <-p.quit:
			return
		case c := <-p.free:
			c.lines, c.err = in.next(c.lines.text)
			c.at = in.reached()
			p.jobs <- c
			p.order <- c
			if c.err != nil {
				return
			}
		}
	}
}

// work searches chunks until there are no more.
func (p *pipeline) work(find *finder, each func([]byte, LogMatch) []byte) {
	for c := range p.jobs {
		c.out, c.matches = c.out[:0], 0
		m := find.in(c.lines)
		for m.next() {
			c.matches++
			c.out = each(c.out, m.match)
		}
		c.named = m.named
		c.done <- struct{}{}
	}
}
