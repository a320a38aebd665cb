return await Processes.MachineProcess.RunAsync(InvoiceApp.InvoiceAppService.RunAsync, args);
