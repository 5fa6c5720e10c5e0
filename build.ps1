#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Builds, tests, packs and installs the RemoteDispatch module.
.DESCRIPTION
    Build lays the module out in out/RemoteDispatch. Test runs every suite against it. Pack makes out/RemoteDispatch.<version>.nupkg.
    Install copies the module to the first folder of the user's PSModulePath.
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 -Task Build, Test -Configuration Release
#>
#Requires -Version 7.6
[CmdletBinding(SupportsShouldProcess)]
param(
    # What to do, in this order.
    [ValidateSet('Build', 'Test', 'Pack', 'Install')]
    [string[]] $Task = 'Build',

    # Debug or Release.
    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true

$out = Join-Path $PSScriptRoot 'out'
$module = Join-Path $out 'RemoteDispatch'

switch ($Task) {
    'Build' {
        dotnet build (Join-Path $PSScriptRoot 'RemoteDispatch.sln') --nologo --configuration $Configuration
        Write-Information "The module is in $module" -InformationAction Continue
    }
    'Test' {
        dotnet test (Join-Path $PSScriptRoot 'RemoteDispatch.sln') --nologo --configuration $Configuration
    }
    'Pack' {
        Compress-PSResource -Path $module -DestinationPath $out -SkipModuleManifestValidate:$false
    }
    'Install' {
        $version = (Import-PowerShellDataFile (Join-Path $module 'RemoteDispatch.psd1')).ModuleVersion
        $folder = ($env:PSModulePath -split [IO.Path]::PathSeparator)[0]
        $target = Join-Path $folder 'RemoteDispatch' $version
        if ($PSCmdlet.ShouldProcess($target, 'Install the module')) {
            $null = New-Item -ItemType Directory -Path $target -Force
            Copy-Item -Path (Join-Path $module '*') -Destination $target -Recurse -Force
            Write-Information "Installed in $target" -InformationAction Continue
        }
    }
}
