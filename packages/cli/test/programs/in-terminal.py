"""Runs a command in a terminal of its own and reports what became of it, as one line of JSON.

usage: in-terminal.py COLUMNS ROWS STEPS COMMAND...

STEPS is JSON: a list of [wait-for, what, argument]. `wait-for` is text that must have been shown since the step before; `what` is `type` (text),
`signal` (a number, to the command), or `resize` ([columns, rows]).
"""
import fcntl, json, os, pty, select, struct, sys, termios, time

LIMIT_SECONDS = 50


def set_size(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


columns, rows, steps, command = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4:]
# The terminal belongs to a process that outlives the command, so that its settings can be read afterwards.
outer, inner = pty.openpty()
set_size(outer, columns, rows)
before = termios.tcgetattr(inner)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(inner, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(inner, fd)
    os.execvp(command[0], command)

shown, since, status = '', 0, None
deadline = time.monotonic() + LIMIT_SECONDS
while status is None and time.monotonic() < deadline:
    if select.select([outer], [], [], 0.05)[0]:
        shown += os.read(outer, 65536).decode('utf8', 'replace')
    if steps and steps[0][0] in shown[since:]:
        _, what, argument = steps.pop(0)
        since = len(shown)
        if what == 'type':
            os.write(outer, argument.encode())
        elif what == 'signal':
            os.kill(child, argument)
        else:
            set_size(outer, *argument)
    ended, code = os.waitpid(child, os.WNOHANG)
    if ended != 0:
        status = os.waitstatus_to_exitcode(code)
while select.select([outer], [], [], 0.1)[0]:
    shown += os.read(outer, 65536).decode('utf8', 'replace')
if status is None:
    os.kill(child, 9)
print(json.dumps({'exitCode': status, 'shown': shown, 'restored': termios.tcgetattr(inner) == before, 'stepsLeft': len(steps)}))
