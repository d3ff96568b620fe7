#pragma once

namespace chronicle {

class Callbacks;

// Lets go of everything that this environment still waits for.
void forgetParks(const Callbacks* callbacks);

}  // namespace chronicle
