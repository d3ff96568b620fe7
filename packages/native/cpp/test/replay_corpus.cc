// Feeds every file of the folders that are named to a fuzzer's target: what a fuzzer once found interesting is looked at again, with any compiler.
#include <filesystem>
#include <fstream>
#include <vector>

#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int count, char** folders) {
  int inputs = 0;
  for (int index = 1; index < count; index++) {
    for (const auto& entry : std::filesystem::directory_iterator(folders[index])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      inputs++;
    }
  }
  CHECK(inputs > 0);
  std::printf("%d inputs\n", inputs);
}
