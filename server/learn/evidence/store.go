package evidence

import "context"

// Store is where the nodes of a fleet meet. Both methods may fail or take long: callers use
// them away from any request, and serving goes on without them.
type Store interface {
	// Merge adds deltas to what the fleet knows. After an error some of them may have been
	// added, and all will be sent again: a little evidence that counts twice does no harm.
	Merge(ctx context.Context, deltas []Delta) error

	// Load returns deltas that the other nodes have merged since the cursor, a bounded number
	// of them, and the cursor to go on from. The zero Cursor asks for all that the store still
	// holds, this node's own included. No deltas means that there are no more.
	Load(ctx context.Context, since Cursor) ([]Delta, Cursor, error)
}

// Waiter is a [Store] that knows when there is something to load, so that nobody has to ask again
// and again.
type Waiter interface {
	// Await returns once there is something to load after the cursor, or for the store to do when it
	// is asked to load, or after a while in any case. The error is that of asking, or of the context.
	Await(ctx context.Context, since Cursor) error
}

// Cursor is a place in a store's history. Its text is the store's own affair; the zero Cursor
// is the beginning.
type Cursor string
