"""Dynamic providers: functions and gates in the program's process, providers in the engine's."""
