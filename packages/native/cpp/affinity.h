// CPU affinity of threads.
#pragma once

namespace chronicle {

// Remembers the CPUs that the process may use, before a thread is pinned.
void rememberProcessAffinity();
// A thread inherits the affinity of the one that made it; ours are to run anywhere, not beside a pinned writer.
void restoreProcessAffinity();

}  // namespace chronicle
