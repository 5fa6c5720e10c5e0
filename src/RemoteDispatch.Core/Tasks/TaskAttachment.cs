using System.Security.Cryptography;
using System.Text;

namespace RemoteDispatch.Tasks;

/// <summary>A file that travels with a request, and lies in the workspace's folder <c>files</c> when the task begins.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Content">Its bytes.</param>
public sealed record TaskAttachment(string Name, ReadOnlyMemory<byte> Content)
{
    /// <summary>The most that all files of a task may have together: 16 MiB.</summary>
    public const int LargestTotal = 16 << 20;

    /// <summary>Reads a file of this machine. Its name is the last part of its path.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: it cannot be read; <see cref="FailureReason.InvalidInput"/>: it is too large.</exception>
    public static async Task<TaskAttachment> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestTotal })
                throw TooLarge();
            return new TaskAttachment(Path.GetFileName(path), await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var why = Directory.Exists(path) ? "it is a folder." : e.Message;
            throw new DispatchException(FailureReason.LocalFile, $"The file '{path}' cannot be sent: {why}", "Name a file of this machine.", e);
        }
    }

    /// <summary>What tells it from another, for a digest.</summary>
    internal string Digest => $"{Name} {Convert.ToHexStringLower(SHA256.HashData(Content.Span))}";

    /// <exception cref="DispatchException"><see cref="FailureReason.InvalidInput"/>: they cannot be sent.</exception>
    internal static void Check(IReadOnlyList<TaskAttachment> files)
    {
        if (files.Sum(f => (long)f.Content.Length) > LargestTotal)
            throw TooLarge();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var file in files)
        {
            var isName = file.Name.Length > 0 && file.Name is not ("." or "..") && file.Name[0] != '-' && Encoding.UTF8.GetByteCount(file.Name) <= 200
                && !file.Name.Any(c => c is '/' or '\\' || char.IsControl(c));
            if (!isName)
                throw new DispatchException(FailureReason.InvalidInput, $"{Text.Show(file.Name)} is no name for a task's file.", "Rename it: no '/', no '-' at the beginning.");
            if (!names.Add(file.Name))
                throw new DispatchException(FailureReason.InvalidInput, $"Two of the task's files are called '{file.Name}'.", "Rename one: they lie in one folder.");
        }
    }

    private static DispatchException TooLarge() => new(
        FailureReason.InvalidInput, "The files for a task are larger than 16 MiB together.", "Copy them to the host (scp, rsync), and name them there.");
}
