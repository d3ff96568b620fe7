// Identifies what the addon and the JavaScript around it agree on: the same as in src/interface-id.ts, and a test says when it has to change.
#pragma once

namespace chronicle {

constexpr char kInterfaceId[] = "d22b9491";

}  // namespace chronicle
