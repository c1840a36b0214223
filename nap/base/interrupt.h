// Ctrl-C, `kill` and a closed terminal as a request to stop at the next good moment.
#ifndef NAP_BASE_INTERRUPT_H_
#define NAP_BASE_INTERRUPT_H_

namespace nap {

// From now on the first SIGINT, SIGTERM or, unless it is ignored (nohup), SIGHUP is only noted;
// another one ends the program at once, with exit code 128 plus the signal's number. Within a
// second of the first it is taken for the same request: launchers pass on what a terminal has
// already sent to all. `say`: whether the user is told of the first.
void CatchInterrupts(bool say = true);

// The signal that was noted, or 0. For loops to ask after each step.
int InterruptSignal();

// Notes it as if it had come.
void NoteInterrupt(int signal);

}  // namespace nap

#endif  // NAP_BASE_INTERRUPT_H_
