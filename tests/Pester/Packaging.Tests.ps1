# What is packed: that it is what all the other files test, that it is whole, and that PSResourceGet takes it.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $root = Convert-Path "$PSScriptRoot/../.."
    $data = Import-PowerShellDataFile "$env:RD_PESTER_MODULE/RemoteDispatch.psd1"

    function Invoke-InHome([string] $Script) {
        # Another pwsh whose user has nothing yet: no module, no repository.
        $before = $env:XDG_DATA_HOME, $env:PSModulePath
        try {
            $env:XDG_DATA_HOME = (New-Item -ItemType Directory "$env:HOME/.local/share" -Force).FullName
            $env:PSModulePath = $null
            & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command $Script 2>&1
        }
        finally {
            $env:XDG_DATA_HOME, $env:PSModulePath = $before
        }
    }
}

AfterAll { Clear-Sandbox }

Describe 'The package' -Tag Package {
    BeforeAll {
        $archive = [System.IO.Compression.ZipFile]::OpenRead($env:RD_PESTER_PACKAGE)
        $packed = $archive.Entries.FullName.Where({ $_ -notmatch '^(_rels/|package/|\[Content_Types\]|RemoteDispatch\.nuspec)' })
    }
    AfterAll { $archive.Dispose() }

    It 'is what the tests run against' {
        (Get-Module RemoteDispatch).ModuleBase | Should -Be $env:RD_PESTER_MODULE
        (Get-Item $env:RD_PESTER_MODULE).FullName | Should -BeLike "$((Get-Item $env:RD_PESTER_ROOT).FullName)*"
        foreach ($name in $packed) {
            $stream = $archive.GetEntry($name).Open()
            try { (Get-FileHash -InputStream $stream).Hash | Should -Be (Get-FileHash "$env:RD_PESTER_MODULE/$name").Hash -Because $name }
            finally { $stream.Dispose() }
        }
    }

    It 'holds the module, its views, its help and its licence, and nothing else' {
        $topics = (Get-ChildItem "$root/docs/help/about_*.help.txt").Name.ForEach({ "en-US/$_" })
        $packed | Sort-Object | Should -Be (@(
                'LICENSE', 'RemoteDispatch.Core.dll', 'RemoteDispatch.Format.ps1xml', 'RemoteDispatch.PowerShell.dll', 'RemoteDispatch.psd1'
                'en-US/RemoteDispatch.PowerShell.dll-Help.xml') + $topics | Sort-Object)
    }

    It 'has the newest section of the changelog as its release notes' {
        $section = ((Get-Content "$root/CHANGELOG.md" -Raw) -replace "`r" -split '(?m)^## ')[1].Trim()
        $section | Should -Not -BeNullOrEmpty
        $data.PrivateData.PSData.ReleaseNotes | Should -Be $section
        $reader = [System.IO.StreamReader]::new($archive.GetEntry('RemoteDispatch.nuspec').Open())
        try { ([xml]$reader.ReadToEnd()).package.metadata.releaseNotes | Should -Be $section } finally { $reader.Dispose() }
    }

    It 'is found by its version, its tags and its licence' {
        $data.ModuleVersion | Should -Be ([version](Split-Path $env:RD_PESTER_PACKAGE -LeafBase).Substring('RemoteDispatch.'.Length))
        $data.PrivateData.PSData.Tags | Should -Contain 'PSEdition_Core'
        $data.PrivateData.PSData.Tags | Should -Not -Match '\s'
        $data.PrivateData.PSData.LicenseUri | Should -BeLike 'https://*'
        $data.CompatiblePSEditions | Should -Be 'Core'
    }

    It 'is taken by Install-PSResource from a local repository, and works in a new session' -Tag Local {
        $feed = Split-Path $env:RD_PESTER_PACKAGE
        $said = Invoke-InHome "
            `$ErrorActionPreference = 'Stop'
            Register-PSResourceRepository -Name feed -Uri '$feed'
            Install-PSResource RemoteDispatch -Repository feed -TrustRepository -Scope CurrentUser -Quiet
            (Get-InstalledPSResource RemoteDispatch).Version.ToString()"
        $said | Should -Be $data.ModuleVersion
        $said = Invoke-InHome "
            Import-Module RemoteDispatch
            (Get-Module RemoteDispatch).ModuleBase
            Invoke-RemoteTask 'echo from the package' | Get-RemoteTaskLog -Follow -Raw
            (Get-Help about_RemoteDispatch).Length -gt 500
            (Get-Help Invoke-RemoteTask).examples.example.Count -ge 3"
        $said | Should -Be (Join-Path $env:HOME '.local/share/powershell/Modules/RemoteDispatch' $data.ModuleVersion), 'from the package', 'True', 'True'
    }

    It 'is installed by build.ps1, which leaves no repository behind' -Tag Local {
        $said = Invoke-InHome "
            & '$root/build.ps1' -Task Install -PackageFolder '$(Split-Path $env:RD_PESTER_PACKAGE)' -Module '$env:RD_PESTER_MODULE' 6>`$null
            @((Get-PSResourceRepository).Name) -match '^rd-'
            (Get-Module -ListAvailable RemoteDispatch).Version.ToString()"
        $said | Should -Be $data.ModuleVersion
    }

    It 'is not installed with -WhatIf, or where nothing was packed' {
        $nowhere = New-Item -ItemType Directory (New-FileName)
        { & "$root/build.ps1" -Task Install -Module $env:RD_PESTER_MODULE -PackageFolder $nowhere -InstallPath "$nowhere/modules" } | Should -Throw '*pack it first*'
        & "$root/build.ps1" -Task Install -Module $env:RD_PESTER_MODULE -PackageFolder (Split-Path $env:RD_PESTER_PACKAGE) -InstallPath "$nowhere/modules" -WhatIf
        Get-ChildItem $nowhere | Should -BeNullOrEmpty
    }
}
