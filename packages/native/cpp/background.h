#pragma once

namespace chronicle {

class Callbacks;

// Forgets the jobs of this environment; those under way are finished.
void releaseJobs(const Callbacks* callbacks);

}  // namespace chronicle
