using System.Text;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>Reads what is sent as text: a script, a prompt.</summary>
internal static class TextFile
{
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: it cannot be read, or is no UTF-8.</exception>
    public static string Read(string path, string what)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The {what} '{path}' cannot be sent: {e.Message}", "Name a file of this machine, in UTF-8.", e);
        }
    }
}
