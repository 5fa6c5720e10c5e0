using System.Text;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Core.Tests.Credentials;

/// <summary>What is masked, in whatever pieces it comes; and that nothing else changes its place.</summary>
public sealed class RedactorTests
{
    private const string Secret = "gho_16C7e42F292c6912E7710c838347Ae178B4a/+=?";

    private static readonly CredentialGrant Grant = CredentialGrant.Create("GH_TOKEN", Secret);

    public static TheoryData<string> Forms => new(
        Secret, Uri.EscapeDataString(Secret), Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)),
        Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)).Replace('+', '-').Replace('/', '_').TrimEnd('='));

    [Theory, MemberData(nameof(Forms))]
    public void Value_is_masked_wherever_the_stream_is_cut(string form)
    {
        var text = Encoding.UTF8.GetBytes($"before é {form} between {form}\nbehind\n");
        var expected = Encoding.UTF8.GetBytes($"before é {Stars(form)} between {Stars(form)}\nbehind\n");
        for (var cut = 0; cut <= text.Length; cut++)
            Assert.Equal(expected, Redact(text[..cut], text[cut..]));
        Assert.Equal(expected, Redact([.. text.Select(b => new[] { b })]));
    }

    // The three ways in which a value can fall into base64: the neighbours' characters may stay.
    [Theory, InlineData("user:", ""), InlineData("x:", "\n"), InlineData("", "!"), InlineData("abcdef", "abcdefg")]
    public void Value_in_the_middle_of_encoded_text_is_masked(string before, string behind)
    {
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(before + Secret + behind));
        var shown = Encoding.ASCII.GetString(Redact(Encoding.ASCII.GetBytes(encoded)));
        Assert.Equal(encoded.Length, shown.Length);
        Assert.Contains(new string('*', Secret.Length), shown, StringComparison.Ordinal);
        var kept = shown.Replace("*", "", StringComparison.Ordinal);
        Assert.True(kept.Length <= (before.Length + behind.Length + 4) * 4 / 3 + 4, shown);
    }

    // What base64(1) prints of a token of 94 bytes: lines of 76 columns.
    [Theory, InlineData(76, "\n"), InlineData(64, "\r\n"), InlineData(1, "\n")]
    public void Value_is_masked_where_its_encoding_is_wrapped(int columns, string lineEnd)
    {
        var token = "github_pat_" + string.Concat(Enumerable.Range(0, 83).Select(i => (char)('a' + i % 26)));
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + token + "\n"));
        var wrapped = string.Join(lineEnd, encoded.Chunk(columns).Select(c => new string(c))) + "\nend\n";
        var text = Encoding.ASCII.GetBytes(wrapped);
        for (var cut = 0; cut <= text.Length; cut += 7)
        {
            var redactor = new Redactor([CredentialGrant.Create("T", token)]);
            var shown = Encoding.ASCII.GetString([.. redactor.Add(text.AsSpan(0, cut)), .. redactor.Add(text.AsSpan(cut)), .. redactor.Finish()]);
            Assert.Equal(wrapped.Length, shown.Length);
            Assert.EndsWith("end\n", shown, StringComparison.Ordinal);
            Assert.Equal(wrapped.Count(c => c == '\n'), shown.Count(c => c == '\n'));
            Assert.True(shown.Count(c => c == '*') >= token.Length * 4 / 3 - 2, shown);
        }
    }

    [Fact]
    public void Lines_of_a_value_are_masked_by_themselves()
    {
        var key = CredentialGrant.Create("KEY", "-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\nEAAAADAQABAAAB\n-----END KEY-----\n");
        var redactor = new Redactor([key]);
        Assert.Equal("  ***************  \n", Encoding.ASCII.GetString([.. redactor.Add("  AAAAB3NzaC1yc2E  \n"u8), .. redactor.Finish()]));
    }

    [Fact]
    public void Bytes_that_begin_no_value_are_shown_at_once()
    {
        var redactor = new Redactor([Grant]);
        Assert.Equal("Password: "u8.ToArray(), redactor.Add("Password: "u8));
        Assert.Equal(0, redactor.Held);
        Assert.Equal("to"u8.ToArray(), redactor.Add("togho_"u8));
        Assert.Equal(4, redactor.Held);
        Assert.Equal("gho_x"u8.ToArray(), redactor.Add("x"u8));
        Assert.Equal("gho_"u8.ToArray(), redactor.Add("gho_"u8).Concat(redactor.Finish()).ToArray());
    }

    [Fact]
    public void Values_that_overlap_are_both_masked()
    {
        var redactor = new Redactor([CredentialGrant.Create("A", "abcdefgh"), CredentialGrant.Create("B", "efghijkl"), CredentialGrant.Create("C", "aaaaaaa")]);
        Assert.Equal("x************x", Encoding.ASCII.GetString([.. redactor.Add("xabcdefghijklx"u8), .. redactor.Finish()]));
        Assert.Equal("*********", Encoding.ASCII.GetString([.. redactor.Add("aaaaaaaaa"u8), .. redactor.Finish()]));
    }

    [Fact]
    public void Value_that_is_too_short_to_hide_is_left_alone()
    {
        var redactor = new Redactor([CredentialGrant.Create("A", "abc")]);
        Assert.Equal("abcabc"u8.ToArray(), redactor.Add("abcabc"u8));
    }

    [Fact]
    public void Largest_value_is_masked_across_many_pieces()
    {
        var value = string.Concat(Enumerable.Range(0, 6000).Select(i => $"{i:x10}"));
        var redactor = new Redactor([CredentialGrant.Create("BIG", value)]);
        var text = Encoding.ASCII.GetBytes($"<{value}>");
        var shown = text.Chunk(1000).SelectMany(p => redactor.Add(p)).Concat(redactor.Finish()).ToArray();
        Assert.Equal(Encoding.ASCII.GetBytes($"<{Stars(value)}>"), shown);
    }

    private static string Stars(string text) => new('*', Encoding.UTF8.GetByteCount(text));

    private static byte[] Redact(params byte[][] pieces)
    {
        var redactor = new Redactor([Grant]);
        return [.. pieces.SelectMany(p => redactor.Add(p)), .. redactor.Finish()];
    }
}
