#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Runs FleetHealth.Tests.ps1 for a scheduler: asks nobody, and ends with an exit code.
.DESCRIPTION
    Ends with 0 where every test passed, and with 1 where one failed, no host was meant, or the hosts could not be asked.
.PARAMETER HostName
    Names of the inventory, or addresses; several with commas. Without it, the inventory without this machine.
.PARAMETER Capability
    Without -HostName: only hosts that have all of these; several with commas.
.PARAMETER Require
    Checks that must pass, beside those that must anyway; several with commas.
.PARAMETER Hours
    How far back failed tasks count.
.PARAMETER ReportPath
    A file for the results, in the form NUnitXml that CI systems read.
.PARAMETER Tests
    The Pester file.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File ./Invoke-FleetHealth.ps1 -Capability gpu
#>
#Requires -Version 7.6
[CmdletBinding()]
param(
    [string[]] $HostName = @(),
    [string[]] $Capability = @(),
    [string[]] $Require = @(),
    [ValidateRange(0, 8760)]
    [double] $Hours = 24,
    [string] $ReportPath,
    [string] $Tests = (Join-Path $PSScriptRoot 'FleetHealth.Tests.ps1')
)

$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
$ProgressPreference = 'SilentlyContinue'

try {
    # Not '#Requires -Modules': a script that has it ends with 0 under pwsh -File, whatever it exits with.
    Import-Module Pester -MinimumVersion 5.7
    $configuration = New-PesterConfiguration
    # With -File, pwsh takes 'web1,web2' for one word.
    $configuration.Run.Container = New-PesterContainer -Path $Tests -Data @{
        HostName = @($HostName -split ',' | Where-Object { $_ })
        Capability = @($Capability -split ',' | Where-Object { $_ })
        Require = @($Require -split ',' | Where-Object { $_ })
        Hours = $Hours
    }
    $configuration.Run.PassThru = $true
    $configuration.Output.Verbosity = 'Detailed'
    if ($ReportPath) {
        $configuration.TestResult.Enabled = $true
        $configuration.TestResult.OutputPath = $ReportPath
    }
    $run = Invoke-Pester -Configuration $configuration
}
catch {
    [Console]::Error.WriteLine("The fleet could not be asked: $_")
    exit 1
}
exit [int]($run.Result -ne 'Passed')
