<#
.SYNOPSIS
    Runs the Pester suite against the packed module and a fleet of real sshd hosts on this machine.
.PARAMETER Path
    Which files, with wildcards, separated by commas; all without it.
.PARAMETER Name
    Only the tests whose full name is like that: '*quotes*'.
.PARAMETER Module
    The folder of the built module. It is packed and installed for this run, and what was installed is tested. Without PSResourceGet
    the folder itself is.
.PARAMETER Fleet
    The fleet's program (tests/RemoteDispatch.Fleet), a .dll.
.PARAMETER Result
    A file to which one line of JSON is written for each test.
.PARAMETER Output
    What Pester shows.
.NOTES
    Ends with 0, with 1 where a test failed, and with 3 where pwsh or Pester is missing or too old.
#>
[CmdletBinding()]
param(
    [string[]] $Path = '*.Tests.ps1',
    [string] $Name = '*',
    [string] $Module = "$PSScriptRoot/../../out/RemoteDispatch",
    [string] $Fleet = "$PSScriptRoot/../RemoteDispatch.Fleet/bin/Debug/net10.0/RemoteDispatch.Fleet.dll",
    [string] $Result,
    [ValidateSet('None', 'Normal', 'Detailed', 'Diagnostic')]
    [string] $Output = 'Detailed'
)

$ErrorActionPreference = 'Stop'

function Exit-ForLack([string] $Reason) {
    [Console]::Error.WriteLine($Reason)
    exit 3
}

if ($PSVersionTable.PSVersion -lt [version]'7.6') {
    Exit-ForLack "PowerShell 7.6 or newer is missing (this is $($PSVersionTable.PSVersion)): install it from https://aka.ms/powershell."
}
if (-not (Get-Module -ListAvailable Pester | Where-Object Version -GE ([version]'5.7'))) {
    Exit-ForLack "Pester 5.7 or newer is missing: install it with 'Install-PSResource Pester'."
}
Import-Module Pester -MinimumVersion 5.7

function Start-Fleet {
    <# A fleet lives until its input ends. Its first line tells all about it; a machine without sshd has none. #>
    $start = [System.Diagnostics.ProcessStartInfo]::new($env:DOTNET_HOST_PATH ? $env:DOTNET_HOST_PATH : 'dotnet')
    foreach ($word in (Convert-Path $Fleet), '--json', '--count', '3') { $start.ArgumentList.Add($word) }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $line = $process.StandardOutput.ReadLine()
    if ($line) { return @{ Process = $process; Json = $line; Lack = $null } }
    $said = $process.StandardError.ReadToEnd().Trim()
    $process.WaitForExit()
    if ($process.ExitCode -ne 1) { throw "The fleet did not start (code $($process.ExitCode)): $said" }
    @{ Process = $null; Json = $null; Lack = "No fleet of SSH hosts on this machine: $said" }
}

function Stop-Fleet($Running) {
    if (-not $Running.Process) { return }
    $Running.Process.StandardInput.Close()
    if (-not $Running.Process.WaitForExit(20000)) { $Running.Process.Kill($true) }
}

function Install-Packed([string] $Into) {
    <# Gives the module's folder as the package has it, at the front of PSModulePath. PSResourceGet keeps its list of repositories in $Into. #>
    $data = $env:XDG_DATA_HOME
    try {
        $env:XDG_DATA_HOME = "$Into/data"
        & "$PSScriptRoot/../../build.ps1" -Task Pack, Install -Module (Convert-Path $Module) -PackageFolder "$Into/package" -InstallPath "$Into/installed" 6>$null
    }
    finally {
        $env:XDG_DATA_HOME = $data
    }
    # Without the folder of the version, so that a path names it as its name does.
    Move-Item (Get-Item "$Into/installed/RemoteDispatch/*").FullName "$Into/modules/RemoteDispatch"
    $env:RD_PESTER_PACKAGE = (Get-Item "$Into/package/*.nupkg").FullName
    "$Into/modules/RemoteDispatch"
}

function Test-Tag($Block, [string] $Tag) {
    for ($at = $Block; $at; $at = $at.Parent) { if ($at.Tag -contains $Tag) { return $true } }
    $false
}

function Get-Fault($Test) {
    <# Its own errors; where it has none, those of the block around it whose set-up failed. #>
    for ($at = $Test; $at; $at = $at.Block ?? $at.Parent) {
        if ($at.ErrorRecord.Count) { return ($at.ErrorRecord | ForEach-Object { "$($_.DisplayErrorMessage ?? $_)`n$($_.DisplayStackTrace ?? $_.ScriptStackTrace)" }) -join "`n" }
    }
}

function Write-Outcome([string] $File, [string[]] $Sentence, [string] $Outcome, [timespan] $Took, [string] $Message) {
    if (-not $Result) { return }
    $line = [ordered]@{ file = $File; path = @($Sentence); result = $Outcome; seconds = $Took.TotalSeconds; message = $Message }
    Add-Content -LiteralPath $Result -Value (ConvertTo-Json $line -Compress) -Encoding utf8
}

function Invoke-File([System.IO.FileInfo] $File, [hashtable] $Lacks) {
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = $File.FullName
    $configuration.Run.PassThru = $true
    $configuration.Run.SkipRemainingOnFailure = 'None'
    $configuration.Output.Verbosity = $Output
    $configuration.Output.CIFormat = 'None'
    if ($Name -ne '*') { $configuration.Filter.FullName = $Name }
    if ($Lacks.Count) { $configuration.Filter.ExcludeTag = @($Lacks.Keys) }
    $run = Invoke-Pester -Configuration $configuration
    foreach ($container in $run.Containers | Where-Object { $_.ErrorRecord.Count }) {
        Write-Outcome $File.Name @() 'Failed' ([timespan]::Zero) "The file cannot be read as tests: $($container.ErrorRecord -join "`n")"
    }
    foreach ($test in $run.Tests) {
        $lack = $Lacks.Keys.Where({ $test.Tag -contains $_ -or (Test-Tag $test.Block $_) }, 'First')
        switch ($test.Result) {
            'NotRun' {
                if ($lack) { Write-Outcome $File.Name $test.Path 'Skipped' $test.Duration $Lacks[$lack[0]] }
            }
            'Skipped' { Write-Outcome $File.Name $test.Path 'Skipped' $test.Duration ($test.ErrorRecord.TargetObject.Message ?? 'Pester skipped it.') }
            default { Write-Outcome $File.Name $test.Path $test.Result $test.Duration (Get-Fault $test) }
        }
    }
    $run
}

$files = @(@($Path -split ',').ForEach({ [System.IO.Path]::IsPathRooted($_) -or (Test-Path $_) ? $_ : (Join-Path $PSScriptRoot $_) }) | Get-Item | Where-Object Name -Like '*.Tests.ps1' | Sort-Object Name -Unique)
if (-not $files) { throw "No test file is like $Path." }

$clock = [System.Diagnostics.Stopwatch]::StartNew()
$before = @{}
Get-ChildItem env: | ForEach-Object { $before[$_.Name] = $_.Value }
$running = Start-Fleet
try {
    $lacks = @{}
    if ($running.Lack) { $lacks.Fleet = $running.Lack }
    if ($IsWindows) { $lacks.Local = 'Windows itself has no POSIX shell to run a task in; WSL has one.' }

    # Where there is a fleet, in its folder and with an h in front, as its hosts' homes: its watchdog then ends what a task of
    # this machine leaves behind, too.
    $told = $running.Json ? (ConvertFrom-Json $running.Json) : $null
    $root = Join-Path ($told ? $told.directory : [System.IO.Path]::GetTempPath()) "home-rd-pester-$PID"
    $null = New-Item -ItemType Directory $root
    $env:RD_PESTER_ROOT = $root
    $null = New-Item -ItemType Directory "$root/modules"
    if (Get-Module -ListAvailable Microsoft.PowerShell.PSResourceGet | Where-Object Version -GE ([version]'1.1')) {
        $env:RD_PESTER_MODULE = Install-Packed $root
        "Tested is what was packed: $env:RD_PESTER_PACKAGE"
    }
    else {
        $lacks.Package = "PSResourceGet 1.1 or newer is missing, so nothing can be packed: the tests run against the build folder $(Convert-Path $Module)."
        $env:RD_PESTER_MODULE = (Copy-Item (Convert-Path $Module) "$root/modules/RemoteDispatch" -Recurse -PassThru)[0].FullName
        $lacks.Package
    }
    $env:PSModulePath = "$root/modules$([System.IO.Path]::PathSeparator)$env:PSModulePath"
    $env:RD_PESTER_FLEET = $running.Json
    $env:RD_PESTER_FLEET_PROGRAM = Convert-Path $Fleet
    $env:REMOTE_DISPATCH_SSH_OPTS = $told.sshOpts

    $runs = @(foreach ($file in $files) { Invoke-File $file $lacks })
}
finally {
    Stop-Fleet $running
    Remove-Item $root -Recurse -Force -ErrorAction Ignore
    Get-ChildItem env: | Where-Object { -not $before.ContainsKey($_.Name) } | Remove-Item
    $before.Keys | ForEach-Object { Set-Item "env:$_" $before[$_] }
}

$count = @{}
$runs.Tests | Group-Object Result | ForEach-Object { $count[$_.Name] = $_.Count }
$broken = @($runs.Containers | Where-Object { $_.ErrorRecord.Count }).Count
'{0} passed, {1} failed, {2} skipped, {3} not run, {4} files broken, in {5:0.0} s' -f `
    [int]$count.Passed, [int]$count.Failed, [int]$count.Skipped, [int]$count.NotRun, $broken, $clock.Elapsed.TotalSeconds
foreach ($lack in $lacks.GetEnumerator()) { "Not run for want of $($lack.Key): $($lack.Value)" }
exit [int]($count.Failed -or $broken)
