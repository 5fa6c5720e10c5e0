using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Output;

/// <summary>Says that whoever read stdout has closed it.</summary>
internal sealed class OutputClosedException(Exception inner) : Exception("The output was closed.", inner);

/// <summary>
/// The two streams that the program writes to: answers on stdout, as bytes; failures, warnings and steps on stderr. Any
/// thread may write; a write is never torn by another.
/// </summary>
internal sealed class Screen : IDisposable
{
    // A pipe's reader is gone: EPIPE, and on Windows ERROR_BROKEN_PIPE and ERROR_NO_DATA.
    private static readonly int[] ClosedResults = [32, unchecked((int)0x8007006D), unchecked((int)0x800700E8)];

    private static readonly JsonWriterOptions Layout = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Stream _answers = OpenAnswers();
    private readonly Stream _errors = Console.OpenStandardError();
    private readonly Lock _guard = new();
    private readonly Lock _errorGuard = new();

    /// <summary>The width of the terminal on stdout; null where that is none.</summary>
    public static int? Width => Console.IsOutputRedirected || Console.WindowWidth is not (> 0 and var width) ? null : width;

    /// <summary>Writes bytes to stdout as they are.</summary>
    /// <exception cref="OutputClosedException">Nobody reads it.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_guard)
            Write(_answers, bytes);
    }

    /// <summary>Writes bytes of a task's stream to the stream of the same name. That nobody reads stderr ends nothing.</summary>
    /// <exception cref="OutputClosedException">Nobody reads stdout.</exception>
    public void Write(ReadOnlySpan<byte> bytes, LogStreams stream)
    {
        if (stream != LogStreams.Error)
        {
            Write(bytes);
            return;
        }

        lock (_errorGuard)
            Write(_errors, bytes);
    }

    /// <summary>Writes a line of text to stdout.</summary>
    public void Line(string text) => Write(Encoding.UTF8.GetBytes(text + '\n'));

    /// <summary>Writes one JSON document as one line to stdout.</summary>
    public void Document(JsonNode json)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, Layout))
            json.WriteTo(writer);
        text.WriteByte((byte)'\n');
        Write(text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    /// <summary>Writes a failure to stderr: what failed, and what to do next.</summary>
    public void Fail(Failure failure)
    {
        var where = failure.Host is { } host && !failure.Message.Contains(host, StringComparison.Ordinal) ? host + ": " : "";
        Say($"rdispatch: {PlainText.OneLine(where + failure.Message)}\n  → {PlainText.OneLine(failure.Remedy)}");
    }

    /// <summary>Writes a warning to stderr: something is not as it was asked, and the answer stands all the same.</summary>
    public void Warn(string message) => Say($"rdispatch: warning: {PlainText.OneLine(message)}");

    /// <summary>Writes lines to stderr.</summary>
    public void Say(string lines)
    {
        // Not the answers' lock: who reads those may be slow.
        lock (_errorGuard)
            Console.Error.WriteLine(lines);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _answers.Dispose();
        _errors.Dispose();
    }

    private static void Write(Stream stream, ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
        }
        catch (IOException e) when (ClosedResults.Contains(e.HResult))
        {
            throw new OutputClosedException(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(
                FailureReason.LocalFile, $"The output cannot be written: {e.Message}", "Check where it goes, and the free space there.", e);
        }
    }

    /// <summary>
    /// The console's own stream is silent about a closed pipe, and a followed log would go on for nobody. A plain file stream
    /// tells; but it keeps an offset of its own, which a file that is shared with other commands ('{ a; b; } > file') must not have.
    /// </summary>
    private static Stream OpenAnswers()
    {
        if (OperatingSystem.IsWindows())
        {
            if (!Console.IsOutputRedirected)
                Console.OutputEncoding = new UTF8Encoding(false);
            return Console.OpenStandardOutput();
        }

        try
        {
            var plain = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!plain.CanSeek)
                return plain;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // There is no stdout ('>&-'), or it is something strange: the console's stream takes whatever it is.
        }

        return Console.OpenStandardOutput();
    }
}
