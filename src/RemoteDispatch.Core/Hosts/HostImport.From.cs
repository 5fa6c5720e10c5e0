using System.Text;
using System.Text.Json;

namespace RemoteDispatch.Hosts;

public sealed partial class HostImport
{
    private static readonly TimeSpan TailscalePatience = TimeSpan.FromSeconds(15);

    /// <summary>Reads the hosts of a file.</summary>
    /// <param name="path">The file. What an ssh_config includes by a relative path is looked for beside it.</param>
    /// <param name="format">Its form; <see cref="HostFormat.Auto"/> goes by its content.</param>
    /// <exception cref="DispatchException">The file cannot be read, or is damaged as a whole.</exception>
    public static HostImport FromFile(string path, HostFormat format = HostFormat.Auto)
    {
        var (text, isUtf8) = ReadText(path);
        return FromText(text, path, format, isUtf8);
    }

    /// <summary>Reads hosts from a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">What messages call it, and where an ssh_config's relative includes begin.</param>
    /// <param name="format">Its form; <see cref="HostFormat.Auto"/> goes by its content.</param>
    /// <exception cref="DispatchException">It is damaged as a whole.</exception>
    public static HostImport FromText(string text, string path, HostFormat format = HostFormat.Auto) => FromText(text, path, format, isUtf8: true);

    /// <summary>Reads the aliases of this user's own ssh_config, <c>~/.ssh/config</c>.</summary>
    /// <exception cref="DispatchException">The file cannot be read.</exception>
    public static HostImport FromSshConfig() => FromFile(Path.Combine(UserFolders.Home, ".ssh", "config"), HostFormat.SshConfig);

    /// <summary>Asks Tailscale on this machine for its peers.</summary>
    /// <exception cref="DispatchException">It is not there, or does not answer.</exception>
    public static async Task<HostImport> FromTailnetAsync(CancellationToken cancellationToken = default) =>
        FromText(await TailscaleStatus.ReadAsync(TailscalePatience, cancellationToken).ConfigureAwait(false), "tailscale status --json", HostFormat.Tailscale);

    /// <summary>A file's text. An ssh_config may be in any encoding, as long as what matters is ASCII.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: it cannot be read.</exception>
    internal static (string Text, bool IsUtf8) ReadText(string path)
    {
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' is not there.", "Name a file that is.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"'{path}' cannot be read: {e.Message}", "Check the file's owner and permissions.", e);
        }

        try
        {
            // A mark in front tells of UTF-16, which Windows PowerShell writes.
            using var reader = new StreamReader(new MemoryStream(content), new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true);
            return (reader.ReadToEnd(), true);
        }
        catch (DecoderFallbackException)
        {
            return (Encoding.Latin1.GetString(content), false);
        }
    }

    private static HostImport FromText(string text, string path, HostFormat format, bool isUtf8)
    {
        var import = new HostImport();
        format = format == HostFormat.Auto ? Detect(text) ?? throw Unknown(text, path) : format;
        if (!isUtf8 && format != HostFormat.SshConfig)
            throw new DispatchException(FailureReason.DamagedFile, $"'{path}' cannot be read: it is not UTF-8.", "Save it as UTF-8, then import it again.");
        Action<HostImport, string, string> read = format switch
        {
            HostFormat.Tailscale => TailscaleHosts.Read,
            HostFormat.Json => JsonHosts.Read,
            HostFormat.Csv => CsvHosts.Read,
            _ => SshConfigHosts.Read,
        };
        read(import, text, path);
        if (import.Offers.Count == 0 && import.Problems.Count == 0)
            import.Remark($"'{path}' has no hosts.");
        return import;
    }

    private static DispatchException Unknown(string text, string path) => new(
        FailureReason.DamagedFile,
        $"'{path}' {(string.IsNullOrWhiteSpace(text) ? "is empty" : "has no form that is known")}: hosts come in from an ssh_config with its Host lines, the JSON of an inventory "
        + $"or of 'tailscale status --json', or a CSV whose first line names the columns Name and Address, and perhaps {string.Join(", ", HostColumns.Names.Skip(2))}.",
        "Name a file of one of these forms, or rename the columns; -Format and --format say which form it is.");

    /// <summary>The form of a text; null for none of them.</summary>
    private static HostFormat? Detect(string text)
    {
        if (!text.AsSpan().TrimStart().StartsWith("{"))
            return CsvHosts.IsLikely(text) ? HostFormat.Csv : SshConfigHosts.IsLikely(text) ? HostFormat.SshConfig : null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.TryGetProperty("hosts", out _) || !document.RootElement.TryGetProperty("Self", out _) ? HostFormat.Json : HostFormat.Tailscale;
        }
        catch (JsonException)
        {
            // Its reader says what is wrong, and where.
            return HostFormat.Json;
        }
    }
}
