// Threads of the addon: detached, without signals, on any CPU.
#pragma once

namespace chronicle {

// Starts a thread that runs `body(argument)`. Returns 0 or the errno. The name has at most 15 characters.
int startQuietThread(const char* name, void (*body)(void*), void* argument);

// From here on the calling thread, when it wakes, never takes the CPU from one that runs: a thread that asks for work goes on appending. Its share of the CPU stays.
void yieldToOtherThreads();

}  // namespace chronicle
