/*
 * Memory as x86-TSO has it: a buffer of one store per process. Define WORDS and CPUS before including this, and run one buffer per process.
 * A buffered store reaches memory at any later time; locked operations and fences wait for that; loads see the process's own buffer first.
 */
byte memory[WORDS];
bool pending[CPUS];
byte address[CPUS];
byte value[CPUS];

#define LOAD(cpu, word) ((pending[cpu] && address[cpu] == (word)) -> value[cpu] : memory[word])
#define STORE(cpu, word, new) d_step { !pending[cpu] -> pending[cpu] = true; address[cpu] = word; value[cpu] = new }
#define EXCHANGE(cpu, word, new) d_step { !pending[cpu] -> memory[word] = new }
#define ADD(cpu, word, difference) d_step { !pending[cpu] -> memory[word] = memory[word] + difference }
#define FENCE(cpu) !pending[cpu]

proctype buffer(byte cpu) {
end:
  do
  :: d_step { pending[cpu] -> memory[address[cpu]] = value[cpu]; address[cpu] = 0; value[cpu] = 0; pending[cpu] = false }
  od
}

/* The process may be killed here. */
byte kills = KILLS;
#define MAY_DIE(grave) if :: atomic { kills > 0 -> kills-- }; goto grave :: true fi
