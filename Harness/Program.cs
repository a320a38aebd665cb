return await Processes.MachineProcess.RunAsync(static _ => Task.FromResult(1), args);
