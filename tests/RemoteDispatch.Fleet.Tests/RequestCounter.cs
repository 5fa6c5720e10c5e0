namespace RemoteDispatch.Fleet.Tests;

/// <summary>Counts the requests that a host's shell gets, at the host: its <c>sh</c> is one that writes down what it reads before the real one reads it.</summary>
internal sealed class RequestCounter : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-count-").FullName;

    public RequestCounter()
    {
        var sh = _folder + "/bin/sh";
        Directory.CreateDirectory(_folder + "/bin");
        File.WriteAllText(sh, $"#!/bin/sh\nPATH=${{PATH#*:}}\nexport PATH\ntee -a '{_folder}/read' | /bin/sh\n");
        File.SetUnixFileMode(sh, (UnixFileMode)0b111_101_101);
    }

    /// <summary>For the host's sessions.</summary>
    public string LoginScript => $"PATH='{_folder}/bin':$PATH; export PATH";

    /// <summary>How many there were, but for the first, which comes with the lesson that opens a channel.</summary>
    public int Requests => File.ReadAllText(_folder + "/read").Split("\nrd_begin ").Length - 2;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
