using System.Runtime.InteropServices;

namespace RemoteDispatch.Fleet;

/// <summary>The signals that <see cref="System.Diagnostics.Process"/> cannot send.</summary>
internal static partial class Signals
{
    public const int Hangup = 1;
    public const int Kill = 9;
    public const int Stop = 19;

    /// <summary>Sends it; a process that is gone already is no error.</summary>
    public static void Send(int processId, int signal)
    {
        // 0 and below mean whole groups of processes, our own among them.
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        _ = SendSignal(processId, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int processId, int signal);
}
