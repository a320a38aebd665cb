return await Processes.MachineProcess.RunAsync(PaymentProvider.PaymentProviderService.RunAsync, args);
