// Threads of the addon: detached, without signals, on any CPU.
#pragma once

namespace chronicle {

// Starts a thread that runs `body(argument)`. Returns 0 or the errno. The name has at most 15 characters.
int startQuietThread(const char* name, void (*body)(void*), void* argument);

// From here on the calling thread does not take the CPU from one that runs, when it wakes or otherwise, as long as another CPU is free. A thread that asks for work goes on
// appending. Where all are busy it gets a tenth of what the others get.
void yieldToOtherThreads();

}  // namespace chronicle
