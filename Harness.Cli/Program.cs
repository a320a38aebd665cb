using Harness.Commands;
using Processes;

return await MachineProcess.RunAsync(HarnessCommand.RunAsync, args);
