// Fixtures run side by side, the tests of one after the other. Tests wait more than they compute, so there are more workers than processors.
// [NonParallelizable] is for what measures or changes the process: its memory, its environment.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(4)]
