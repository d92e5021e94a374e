package libh2o

import "sync"

// forkLock is a lock of our own where no process can be started: there, [Find] finds no peer.
var forkLock = new(sync.RWMutex)
