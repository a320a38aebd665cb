return await Processes.MachineProcess.RunAsync(static _ => Task.FromResult(0), args);
