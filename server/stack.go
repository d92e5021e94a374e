package server

// Over HTTP/2 each request has a new goroutine, whose stack begins small. To grow, it is copied, and
// each of its frames adjusted: three times on the way to the depth of an answer, which takes a
// quarter of all that a page costs the handler. Once, while there are few frames, is nearly free.

// depth is how much more of the stack an answer uses, in bytes.
const depth = 5 << 10

// grow makes the stack grow at once. A frame's size is looked at when its function is called.
//
//go:noinline
func grow(use bool) {
	if use { // never, and the compiler does not know
		var room [depth]byte
		touch(&room)
	}
}

//go:noinline
func touch(room *[depth]byte) { room[0] = 1 }
