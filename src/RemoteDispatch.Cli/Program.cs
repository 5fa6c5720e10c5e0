using RemoteDispatch.Cli;

return await CommandLine.RunAsync(args).ConfigureAwait(false);
